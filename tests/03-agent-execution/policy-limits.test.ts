import { describe, expect, it } from 'vitest';
import { validatePolicies } from '#workers/policy/validate.ts';

/** GOV-4: bounds of a tenant's policies, at the limit and one beyond. */

const codes = (text: string): string[] =>
  validatePolicies(text, ['http_get'])
    .findings.filter((f) => f.severity === 'error')
    .map((f) => f.code);
const named = (id: string) =>
  `@id("${id}")\nforbid (principal, action, resource) when { context.tool.acts };`;
const labelled = (label: string) =>
  `@id("a")\n@label("${label}")\npermit (principal, action == Action::"http_get", resource);`;
const label = (length: number) => `a${'b'.repeat(length - 1)}`;

describe('bounds of policies', () => {
  it('GOV-4: an id has 60 characters at most, and begins with a letter', () => {
    expect(codes(named(label(1)))).toEqual([]);
    expect(codes(named(label(60)))).toEqual([]);
    for (const id of [label(61), '1a', '_a', 'A', 'a-b']) expect(codes(named(id))).not.toEqual([]);
  });

  it('GOV-4: a label has 40 characters at most, and a policy eight of them', () => {
    expect(codes(labelled(label(1)))).toEqual([]);
    expect(codes(labelled(label(40)))).toEqual([]);
    expect(codes(labelled(label(41)))).not.toEqual([]);
    expect(codes(labelled(`a, ${label(40)}`))).toEqual([]);
    expect(codes(labelled(`a, ${label(41)}`))).not.toEqual([]);
    const of = (n: number) => Array.from({ length: n }, (_, i) => `l${i}`).join(', ');
    expect(codes(labelled(of(8)))).toEqual([]);
    expect(codes(labelled(of(9)))).not.toEqual([]);
  });

  it('GOV-4: a set has 200 policies and 64 KiB at most', () => {
    const set = (n: number) => Array.from({ length: n }, (_, i) => named(`p${i}`)).join('\n');
    expect(codes(set(200))).toEqual([]);
    expect(codes(set(201))).toEqual(['too_many']);
    const padded = (bytes: number) => {
      const text = `${named('a')}\n//`;
      return text + 'x'.repeat(bytes - text.length);
    };
    expect(codes(padded(64 * 1024))).toEqual([]);
    expect(codes(padded(64 * 1024 + 1))).toEqual(['too_large']);
  });
});
