import type { lookup } from 'node:dns';
import { describe, expect, it } from 'vitest';
import {
  isPublicAddress,
  PrivateAddressError,
  publicLookup,
  refusePrivateAddress,
} from '../../src/base/private-address.ts';

describe('an address of the open internet', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '168.63.129.17',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2a00:1450:4001::200e',
    // An IPv4 one, in a network that has none.
    '64:ff9b::8.8.8.8',
  ])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
    ['private', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
    ['of a carrier’s own network', ['100.64.0.1', '100.127.255.255']],
    ['link-local', ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
    [
      'of a cloud’s metadata',
      ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16'],
    ],
    ['unique-local', ['fc00::1', 'fdff:ffff::1']],
    ['site-local of old', ['fec0::1']],
    ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1']],
    ['reserved', ['192.0.0.1', '198.18.0.1', '198.19.255.255', '240.0.0.1', '255.255.255.255']],
    ['for documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
    ['IPv4 in disguise', ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a9fe:a9fe', '::7f00:1']],
    ['a way to IPv4', ['2002:7f00:1::1', '2001:0:1::1', '64:ff9b:1::1', '64:ff9b::10.0.0.1']],
    ['metadata behind NAT64', ['64:ff9b::169.254.169.254', '64:ff9b::a9fe:a9fe']],
    ['discarded', ['100::1']],
    ['no address', ['', 'localhost', '2130706433', '8.8.8', '8.8.8.8 ']],
  ])('is none that is %s', (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

describe('a URL by the address', () => {
  it.each([
    'http://127.0.0.1:4000/x',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00:ec2::254]/',
  ])('is refused: %s', (url) => {
    expect(() => refusePrivateAddress(new URL(url))).toThrow(PrivateAddressError);
  });

  it.each(['https://8.8.8.8/x', 'https://[2606:4700::1111]/', 'https://chat.example.com/'])(
    'is not, %s',
    (url) => {
      expect(() => refusePrivateAddress(new URL(url))).not.toThrow();
    },
  );
});

describe('the look-up of a host', () => {
  type Found = { address: string; family: number }[];
  /** A name server that answers each time what is next. */
  function nameServer(...answers: (Found | Error)[]) {
    const asked: string[] = [];
    const look = ((name: string, _: object, callback: (...found: unknown[]) => void) => {
      asked.push(name);
      const answer = answers.shift();
      if (answer instanceof Error) callback(answer);
      else callback(null, answer);
    }) as typeof lookup;
    return { asked, look };
  }
  const v4 = (address: string) => ({ address, family: 4 });

  const found = (look: typeof lookup, { name = 'chat.example.com', all = true } = {}) =>
    new Promise<unknown>((resolve) => {
      publicLookup('chat.example.com', look)(name, { all }, (error, address, family) =>
        resolve(error ?? (all ? address : [address, family])),
      );
    });

  it('answers what is public, and leaves out what is not', async () => {
    const { look } = nameServer([v4('10.0.0.1'), v4('8.8.8.8'), { address: '::1', family: 6 }]);
    expect(await found(look)).toEqual([v4('8.8.8.8')]);
  });

  it('answers one where one is asked for', async () => {
    const { look } = nameServer([v4('127.0.0.1'), v4('8.8.8.8'), v4('1.1.1.1')]);
    expect(await found(look, { all: false })).toEqual(['8.8.8.8', 4]);
  });

  it('refuses a name that leads nowhere else than inside', async () => {
    const { look } = nameServer([v4('10.0.0.1'), { address: 'fd00:ec2::254', family: 6 }], []);
    expect(await found(look)).toBeInstanceOf(PrivateAddressError);
    expect(await found(look)).toBeInstanceOf(PrivateAddressError);
  });

  it('asks once, and what it has judged is what it answers: a name that changes gains nothing', async () => {
    const { asked, look } = nameServer([v4('8.8.8.8')], [v4('127.0.0.1')]);
    expect(await found(look)).toEqual([v4('8.8.8.8')]);
    expect(asked).toHaveLength(1);
    expect(await found(look)).toBeInstanceOf(PrivateAddressError);
  });

  it('hands on that there is no such name', async () => {
    const { look } = nameServer(new Error('ENOTFOUND'));
    expect(await found(look)).toMatchObject({ message: 'ENOTFOUND' });
  });

  it('lets a proxy’s own name lead anywhere', async () => {
    const { look } = nameServer([v4('10.0.0.1')]);
    expect(await found(look, { name: 'proxy.internal' })).toEqual([v4('10.0.0.1')]);
  });
});
