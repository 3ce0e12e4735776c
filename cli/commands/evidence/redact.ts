import { canonicalJson } from '#domain/ledger/canonical.ts';
import { type EvidencePackage, redact } from '#domain/ledger/evidence/package.ts';
import { parseCanonical } from '#domain/ledger/evidence/verify.ts';
import { EXIT, usageError } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { numbersOf } from '../numbers.ts';
import { readBytes, writeText } from './files.ts';

export default defineVerb({
  path: ['evidence', 'redact'],
  summary: 'Erase the content of events from a package; it still verifies',
  description:
    'Writes a copy in which the named events have a commitment instead of their content. Who gets it sees that something was erased, and where, but not what.',
  arguments: [['<file>', 'the package']],
  options: {
    events: text('--events <numbers>', 'which, e.g. 4,7,10-12'),
    out: text('--out <file>', 'where to write the copy'),
    force: flag('--force', 'overwrite the file'),
  },
  examples: ['ags evidence redact package.json --events 4,7 --out for-the-auditor.json'],
  async handler(context, [file], { events, out, force }) {
    if (events === undefined) throw usageError('Which events? Give --events 4,7.');
    if (out === undefined) throw usageError('Where to? Give --out FILE.');
    const wanted = numbersOf(events);
    const parsed = parseCanonical(new TextDecoder().decode(readBytes(context.cwd, file!)));
    if (!parsed.ok) throw usageError(`${file} is no evidence package: ${parsed.finding.why}`);
    const given = parsed.value as EvidencePackage;
    if (!Array.isArray(given.events)) throw usageError(`${file} is no evidence package: it has no events`);
    const missing = [...wanted].find((n) => n < 1 || n > given.events.length);
    if (missing !== undefined)
      throw usageError(`There is no event ${missing}; the package has ${given.events.length}`);
    const copy = { ...given, events: given.events.map((e, i) => (wanted.has(i + 1) ? redact(e) : e)) };
    const path = writeText(context.cwd, out, canonicalJson(copy), force);
    context.emit({ file: path, redacted: [...wanted] }, () => [
      `${context.out.style.good('✔')} ${path} ${context.out.style.faint(`${wanted.size} events erased`)}`,
    ]);
    return EXIT.ok;
  },
});
