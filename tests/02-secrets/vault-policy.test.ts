import { describe, expect, it } from 'vitest';
import { capabilitiesOn, listCapabilitiesOn, pathMatches } from '../../workers/embedded/vault/acl.ts';
import { humanDuration, parseDuration } from '../../workers/embedded/vault/duration.ts';
import { parsePolicy } from '../../workers/embedded/vault/hcl.ts';
import { effectiveTtl, SYSTEM_MAX_TTL_S } from '../../workers/embedded/vault/tokens.ts';

describe('policies of the embedded Vault', () => {
  it('GOV-2: HCL with comments of each kind, several paths and trailing commas is read', () => {
    const rules = parsePolicy(`
      # one
      path "a/*" { capabilities = ["read", "list",] } // two
      /* three
         path "no" { capabilities = ["read"] } */
      path "/b" {
        capabilities = ["deny"]
      }`);
    expect(rules).toEqual([
      { path: 'a/*', capabilities: ['read', 'list'] },
      { path: 'b', capabilities: ['deny'] },
    ]);
  });

  it.each([
    ['path "a" { capabilities = ["fly"] }', 'invalid capability "fly"'],
    ['path "a" { allowed_parameters = [] }', 'not supported'],
    ['path "a" { capabilities = ["read"]', 'the end'],
    ['path "a*b" { capabilities = ["read"] }', 'invalid use of wildcards'],
    ['path "a/+b" { capabilities = ["read"] }', 'invalid use of wildcards'],
    ['nonsense', 'expected path'],
    ['path "a" { capabilities = ["read"] } ;', 'illegal character at line 1'],
  ])('GOV-2: %s is refused, never ignored', (hcl, reason) => {
    expect(() => parsePolicy(hcl)).toThrowError(reason);
  });

  it('GOV-2: a trailing * is any rest, + exactly one segment', () => {
    const cases: [string, string, boolean][] = [
      ['secret/*', 'secret/a/b', true],
      ['secret/*', 'secret', false],
      ['secret/foo*', 'secret/foobar', true],
      ['secret/+/x', 'secret/a/x', true],
      ['secret/+/x', 'secret/a/b/x', false],
      ['secret/+/x*', 'secret/a/xyz/w', true],
      ['secret/+', 'secret/a', true],
      ['secret/a', 'secret/a/', false],
    ];
    for (const [pattern, path, matches] of cases)
      expect([pattern, path, pathMatches(pattern, path)]).toEqual([pattern, path, matches]);
  });

  it('GOV-2: precedence: exact, later wildcard, no glob, fewer +, longer; equal paths join; deny beats all', () => {
    const on = (path: string, ...rules: [string, ...string[]][]) =>
      [
        ...capabilitiesOn(
          parsePolicy(
            rules.map(([p, ...c]) => `path "${p}" { capabilities = ${JSON.stringify(c)} }`).join('\n'),
          ),
          path,
        ),
      ].sort();
    expect(on('a/b/c', ['a/*', 'read'], ['a/b/c', 'update'])).toEqual(['update']);
    expect(on('a/b/c', ['a/*', 'read'], ['a/b/*', 'update'])).toEqual(['update']);
    expect(on('a/b/c', ['+/b/c', 'read'], ['a/+/c', 'update'])).toEqual(['update']);
    expect(on('a/b/c', ['a/+/*', 'read'], ['a/+/c', 'update'])).toEqual(['update']);
    expect(on('a/b/c', ['a/+/+', 'read'], ['a/+/c', 'update'])).toEqual(['update']);
    expect(on('a/b', ['a/*', 'read'], ['a/*', 'list'])).toEqual(['list', 'read']);
    expect(on('a/b', ['a/*', 'read'], ['a/*', 'deny'])).toEqual(['deny']);
    expect(on('z', ['a/*', 'read'])).toEqual([]);
  });
});

describe('LIST in policies', () => {
  it('GOV-2: a rule for the folder counts with and without its slash, an exact one before any pattern', () => {
    const list = (path: string, hcl: string) => [...listCapabilitiesOn(parsePolicy(hcl), path)];
    expect(list('m/a', 'path "m/a/" { capabilities = ["list"] }')).toEqual(['list']);
    expect(list('m/a', 'path "m/a" { capabilities = ["list"] }')).toEqual(['list']);
    expect(list('m/a', 'path "m/a/*" { capabilities = ["list"] }')).toEqual(['list']);
    expect(
      list('m/a', 'path "m/*" { capabilities = ["list"] } path "m/a/" { capabilities = ["deny"] }'),
    ).toEqual(['deny']);
    expect(list('m/b', 'path "m/a/*" { capabilities = ["list"] }')).toEqual([]);
  });
});

describe('leases of the embedded Vault', () => {
  const base = { increment: 0, ttl: 0, max_ttl: 0, explicit_max_ttl: 0, period: 0, issued_at: 0 };

  it('CRED-3: the effective TTL is what was asked, within every maximum counted from the issue', () => {
    const ttl = (change: Partial<typeof base>, now = 0) => effectiveTtl({ ...base, ...change }, now).ttl;
    expect(ttl({})).toBe(SYSTEM_MAX_TTL_S);
    expect(ttl({ ttl: 300, max_ttl: 86_400 })).toBe(300);
    expect(ttl({ ttl: 300, increment: 7_200, max_ttl: 86_400 })).toBe(7_200);
    expect(ttl({ increment: 7_200, max_ttl: 86_400 }, 82_800_000)).toBe(3_600);
    expect(ttl({ increment: 7_200, explicit_max_ttl: 60 })).toBe(60);
    expect(ttl({ period: 600, increment: 9_999 }, 10 * 86_400_000)).toBe(600);
    expect(() => ttl({ increment: 1, max_ttl: 60 }, 60_000)).toThrowError('past the max TTL');
  });

  it('CRED-3: durations are read and printed as Vault does', () => {
    expect(
      ['90', 90, '90s', '1m30s', '1h', '7d', '', undefined].map((text) => parseDuration(text, 'ttl')),
    ).toEqual([90, 90, 90, 90, 3_600, 604_800, 0, 0]);
    for (const bad of ['soon', '1x', '1h2', {}])
      expect(() => parseDuration(bad, 'ttl')).toThrowError(/"ttl"/);
    expect([7_200, 5_400, 90, 3_605, 0].map(humanDuration)).toEqual(['2h', '1h30m', '1m30s', '1h5s', '0s']);
  });
});
