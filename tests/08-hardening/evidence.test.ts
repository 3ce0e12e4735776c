import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyEvidenceFile } from '#client/evidence.ts';
import { canonicalJson } from '#domain/ledger/canonical.ts';
import { type EvidencePackage, redact } from '#domain/ledger/evidence/package.ts';
import type { Check, EvidenceReport } from '#domain/ledger/evidence/verify.ts';
import { parseTrust, type Trust } from '#domain/ledger/log/trust.ts';
import { evidenceVectors, VECTORS, type VectorCase } from '#scripts/generate/evidence-vectors.ts';

const { readTrust, verifyPackage } = (await import(new URL('verify.mjs', VECTORS).href)) as {
  readTrust(text: string): object;
  verifyPackage(
    bytes: Uint8Array,
    trust: object,
  ): { verified: boolean; failed: string[]; redacted: string[] };
};

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (name: string): string => readFileSync(new URL(name, VECTORS), 'utf8');
const trustText = read('trust.txt');
const good = read('consensus.evidence.json');
const given = JSON.parse(good) as EvidencePackage;

function trustOf(text: string): Trust {
  const trust = parseTrust(text);
  if (!trust.ok) throw new Error(trust.why);
  return trust.value;
}
const trust = trustOf(trustText);
const verify = (text: string, by: Trust = trust): Promise<EvidenceReport> =>
  verifyEvidenceFile(bytesOf(text), by);
const named = (report: EvidenceReport, status: Check['status']): string[] =>
  report.checks.filter((c) => c.status === status).map((c) => c.name);
const places = (report: EvidenceReport): string[] =>
  report.checks.flatMap((c) => c.findings.map((f) => f.at));

type Place = (string | number)[];
const pathOf = (place: Place): string =>
  place
    .map((p) => (typeof p === 'number' ? `[${p}]` : `.${p}`))
    .join('')
    .replace(/^\./, '');
const placeOf = (path: string): Place =>
  [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map((m) => (m[2] === undefined ? m[1]! : Number(m[2])));

/** The package with another value, or none, at a place. */
function changed(place: Place, to: unknown): string {
  const copy = structuredClone(given) as unknown as Record<string | number, unknown>;
  const last = place.at(-1)!;
  const parent = place
    .slice(0, -1)
    .reduce<Record<string | number, unknown>>(
      (at, name) => at[name] as Record<string | number, unknown>,
      copy,
    );
  if (to === undefined && Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (to === undefined) delete parent[last];
  else parent[last] = to;
  return canonicalJson(copy);
}

/** The finding is at the changed place, in it, or at something that holds it. */
const names = (found: readonly string[], path: string): boolean =>
  found.some((at) => at !== '' && (holds(at, path) || holds(path, at)));
const holds = (outer: string, inner: string): boolean =>
  inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);

describe('evidence packages', () => {
  it('LEDG-3: the published vectors are what this code writes, byte for byte', async () => {
    for (const [name, text] of Object.entries(await evidenceVectors()))
      expect([name, read(name)]).toEqual([name, text]);
  });

  it('LEDG-3: a good package verifies with the keys that the verifier brings', async () => {
    const report = await verify(good);
    expect(named(report, 'passed')).toHaveLength(report.checks.length);
    expect(report).toMatchObject({ verified: true, redacted: [], witnesses: ['one'] });
    expect(report.subject?.pipeline_id).toBe('pl_0123456789abcdef');
    expect(report.outcome).toMatchObject({ state: 'COMPLETED', exit_code: 0 });
  });

  it('LEDG-3: trust comes from outside: the same package fails with other keys, another tenant’s, or more witnesses', async () => {
    const [log = '', witness = ''] = trustText.split('\n');
    const logOnly = trustOf(`${log}\n`);
    const [key] = logOnly.logs;
    const renamed = { ...logOnly, logs: [{ ...key!, name: 'ledger.example.com/rival' }] };
    const stranger = { ...logOnly, logs: [{ ...key!, publicKey: key!.publicKey.map((b) => b ^ 1) }] };
    const another = trustOf(`${log}\n${witness}\n`);
    another.witnesses.set('two', { ...another.witnesses.get('one')!, name: 'other.example.org' });
    expect(named(await verify(good, renamed), 'failed')).toEqual(['checkpoint', 'statement']);
    expect(named(await verify(good, stranger), 'failed')).toEqual(['checkpoint', 'statement']);
    const both = {
      ...another,
      quorum: { name: 'all', needed: 2, of: [{ witness: 'one' }, { witness: 'two' }] },
    };
    expect(named(await verify(good, both), 'failed')).toEqual(['witnesses']);
    expect(named(await verify(read('stranger.evidence.json'), { ...trust, quorum: null }), 'failed')).toEqual(
      ['checkpoint', 'statement'],
    );
  });

  it('LEDG-3: lines of unknown keys under the log’s own name say nothing, before a trusted one or after it', async () => {
    const { log } = JSON.parse(read('stranger.evidence.json')) as EvidencePackage;
    const [text = '', lines = ''] = given.log.checkpoint.split(/(?<=\n)\n/);
    const strange = log.checkpoint.split('\n\n')[1];
    for (const checkpoint of [`${text}\n${strange}${lines}`, `${text}\n${lines}${strange}`]) {
      const report = await verify(changed(['log', 'checkpoint'], checkpoint));
      // Only that the statement was signed over another note.
      expect(named(report, 'failed')).toEqual(['statement']);
      expect(report.witnesses).toEqual(['one']);
    }
    const broken = await verify(changed(['log', 'checkpoint'], `${text}\nno line\n`));
    expect(named(broken, 'failed')).toEqual(['inclusion', 'checkpoint', 'statement']);
    expect(named(broken, 'skipped')).toEqual(['witnesses']);
  });

  it('LEDG-2 LEDG-3: erased content verifies, and is reported as redacted', async () => {
    const report = await verify(read('redacted.evidence.json'));
    expect(report.verified).toBe(true);
    expect(named(report, 'redacted')).toEqual(['verdict']);
    const erased = given.events.filter((e) => ['report_written', 'proposal_written'].includes(e.type));
    expect(report.redacted).toEqual(erased.map((e) => e.seq));
  });

  it('LEDG-3: every single event can be erased, and all of them', async () => {
    for (let i = 0; i < given.events.length; i++) {
      const report = await verify(changed(['events', i], redact(given.events[i]!)));
      expect([i, report.verified, report.redacted]).toEqual([i, true, [i + 1]]);
    }
    const none = canonicalJson({ ...given, events: given.events.map(redact) });
    expect((await verify(none)).verified).toBe(true);
  });
});

describe('changed packages', () => {
  /** Every member and element of the package, with what it is changed to. */
  const mutations: { place: Place; to: unknown }[] = [];
  beforeAll(() => {
    const visit = (value: unknown, place: Place): void => {
      if (typeof value === 'string') {
        mutations.push({ place, to: flip(value) });
        if (place[0] !== 'events') mutations.push({ place, to: `${value}x` });
      } else if (typeof value === 'number') mutations.push({ place, to: value + 1 });
      else if (typeof value === 'boolean') mutations.push({ place, to: !value });
      else if (value === null) mutations.push({ place, to: 'something' });
      else if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) visit(item, [...place, i]);
        if (value.length > 0) mutations.push({ place, to: [...value, value[0]] });
        mutations.push({ place, to: value.length > 0 ? [] : [1] });
      } else {
        for (const [name, item] of Object.entries(value as object)) {
          visit(item, [...place, name]);
          mutations.push({ place: [...place, name], to: undefined });
        }
        mutations.push({ place: [...place, 'zzz'], to: 1 });
      }
    };
    // Of events of one type the first; they are all checked by the same rules.
    const { events, ...rest } = given;
    for (const type of new Set(events.map((e) => e.type))) {
      const i = events.findIndex((e) => e.type === type);
      visit(events[i], ['events', i]);
    }
    visit(rest, []);
    mutations.push({ place: ['events'], to: undefined }, { place: ['events'], to: [...events, events[0]] });
    for (const i of [0, 50, events.length - 1]) mutations.push({ place: ['events', i], to: undefined });
  });
  const flip = (text: string): string => {
    const middle = Math.floor(text.length / 2);
    const other = text[middle] === 'a' ? 'b' : 'a';
    return text === '' ? 'a' : text.slice(0, middle) + other + text.slice(middle + 1);
  };

  it('LEDG-3: each field of each part, changed, removed or added in turn, is found, and its place is named', {
    timeout: 240_000,
  }, async () => {
    expect(mutations.length).toBeGreaterThan(500);
    const missed: string[] = [];
    const other = readTrust(trustText);
    for (const { place, to } of mutations) {
      const text = changed(place, to);
      const report = await verify(text);
      const path = pathOf(place);
      if (report.verified || !names(places(report), path))
        missed.push(`${path} → ${JSON.stringify(to)}: ${places(report)}`);
      const theirs = verifyPackage(bytesOf(text), other);
      if (theirs.failed.join() !== named(report, 'failed').join())
        missed.push(`${path}: ${theirs.failed} there, ${named(report, 'failed')} here`);
    }
    expect(missed).toEqual([]);
  });

  it('LEDG-3: a changed byte anywhere in the file makes it fail, for both verifiers', async () => {
    const bytes = bytesOf(good);
    const other = readTrust(trustText);
    for (let at = 0; at < bytes.length; at += 97) {
      const copy = bytes.slice();
      copy[at] = copy[at]! ^ (1 << (at % 7));
      expect([at, (await verifyEvidenceFile(copy, trust)).verified]).toEqual([at, false]);
      expect([at, verifyPackage(copy, other).verified]).toEqual([at, false]);
    }
  });

  it('LEDG-3: encodings that are not canonical are refused: byte order mark, latin-1, cut, trailing text', async () => {
    const bytes = bytesOf(good);
    const wrong: [string, Uint8Array][] = [
      ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes)],
      ['not UTF-8', Uint8Array.of(...bytes.slice(0, 40), 0xff, ...bytes.slice(41))],
      ['cut', bytes.slice(0, -1)],
      ['nothing', new Uint8Array()],
      ['more', Uint8Array.of(...bytes, 0x20)],
      ['a number too large', bytesOf(good.replace('"number":1,', '"number":1e999,'))],
      ['a lone surrogate', bytesOf(good.replace('"tenant":"acme"}}', '"tenant":"\\ud800"}}'))],
    ];
    for (const [what, file] of wrong) {
      expect([what, named(await verifyEvidenceFile(file, trust), 'failed')]).toEqual([what, ['encoding']]);
      expect([what, verifyPackage(file, readTrust(trustText)).failed]).toEqual([what, ['encoding']]);
    }
  });

  it('LEDG-3: base64 that is not canonical is refused even where it means the same bytes', async () => {
    const { payload, signatures } = given.statement;
    const sig = signatures[0]!.sig;
    for (const [place, to] of [
      [['statement', 'payload'], payload.replace(/=*$/, '')],
      [
        ['statement', 'signatures', 0, 'sig'],
        sig.replace(/.==$/, (end) => `${end[0] === 'A' ? 'B' : 'A'}==`),
      ],
      [['statement', 'signatures', 0, 'sig'], `${sig}\n`],
    ] as [Place, string][]) {
      if (to === payload) continue;
      const report = await verify(changed(place, to));
      expect(named(report, 'failed')).toEqual(['statement']);
      expect(names(places(report), pathOf(place))).toBe(true);
    }
  });
});

describe('the published algorithm', () => {
  const other = readTrust(trustText);
  const cases = JSON.parse(read('cases.json')) as VectorCase[];

  it('LEDG-3: a verifier written from the text alone agrees on the good, the redacted and the stranger’s package', async () => {
    for (const name of ['consensus', 'redacted', 'stranger']) {
      const text = read(`${name}.evidence.json`);
      const ours = await verify(text);
      const theirs = verifyPackage(bytesOf(text), other);
      expect([name, theirs]).toEqual([
        name,
        { verified: ours.verified, failed: named(ours, 'failed'), redacted: named(ours, 'redacted') },
      ]);
    }
  });

  it.each(cases)(
    'LEDG-3: $name: both find it, in the same checks, at $at',
    async ({ set, replace, fails, at }) => {
      const text = set ? changed(placeOf(set.path), set.to) : good.replace(replace!.text, replace!.by);
      expect(text).not.toBe(good);
      const report = await verify(text);
      expect(named(report, 'failed')).toEqual(fails);
      expect(verifyPackage(bytesOf(text), other).failed).toEqual(fails);
      expect(places(report).some((p) => p.startsWith(at))).toBe(true);
    },
  );
});
