import { expect, it } from 'vitest';
import type { Route } from '../../src/http/routes.ts';
import { createDescription } from '../../src/routes/openapi.ts';

it('the description is tried again where it could not be made', async () => {
  const route = { method: 'GET', path: '/x', schema: { summary: 'X' } } as Route;
  const tries = [[{ ...route, path: 'no path' }], [route]];
  const describeRoutes = createDescription(() => tries.shift() ?? []);
  await expect(describeRoutes()).rejects.toThrow();
  expect(await describeRoutes()).toMatchObject({ paths: { '/x': {} } });
  expect(await describeRoutes()).toMatchObject({ paths: { '/x': {} } });
});
