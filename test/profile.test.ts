import { expect, it } from 'vitest';
import { profileOf } from '../src/base/profile.ts';
import { userFromClaims } from '../src/base/user.ts';

const profile = (claims: object) => profileOf(userFromClaims('bob', { ...claims }));

it('what others may see of a user is his name and his picture', () => {
  const claims = { name: 'Bob', picture: 'https://pictures.example/bob' };
  expect(profile(claims)).toEqual({ uid: 'bob', ...claims });
});

it('a name and a picture that no database keeps are mended, or left out', () => {
  expect(profile({ name: 'B\0ob\ud800' })).toEqual({ uid: 'bob', name: 'Bob\ufffd' });
  for (const end of ['\0', '\ud800', '\udc00x']) {
    expect(profile({ picture: `https://pictures.example/${end}` })).toEqual({ uid: 'bob' });
  }
});
