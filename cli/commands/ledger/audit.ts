import type { Client, LogLeaf } from '#client/index.ts';
import { auditLog, readHead } from '#domain/ledger/log/audit.ts';
import { ed25519Verifier } from '#domain/ledger/log/ed25519.ts';
import type { Trust } from '#domain/ledger/log/trust.ts';
import { CliError, EXIT } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { readBytes, readTrust } from '../evidence/files.ts';

const PER_PAGE = 1_000;

async function leavesUpTo(client: Client, size: number): Promise<LogLeaf[]> {
  const leaves: LogLeaf[] = [];
  while (leaves.length < size) {
    const limit = Math.min(PER_PAGE, size - leaves.length);
    const { items } = await client.logLeaves({ start: leaves.length, limit });
    if (items.length === 0) break;
    leaves.push(...items);
  }
  return leaves;
}

async function trustedHead(note: string, what: string, trust: Trust) {
  const head = await readHead(note, trust, ed25519Verifier(crypto.subtle));
  if (!head.ok) throw new CliError(EXIT.error, `${what} cannot be believed: ${head.why}`);
  return head.value;
}

export default defineVerb({
  path: ['ledger', 'audit'],
  summary: 'Read your tenant’s whole log, recompute its signed head, and look for missing pipelines',
  description:
    'Exits 0 when the leaves are those of the signed head, contradict nothing, and continue the head that you kept; 1 otherwise. Numbers without a pipeline are named: a spawn that failed halfway leaves one, and so does an omission.',
  options: {
    trust: text('--trust <file>', 'keys of logs and witnesses that you believe'),
    since: text('--since <file>', 'a head that you kept: this log must continue it'),
  },
  examples: ['ags ledger audit --trust trust.txt', 'ags ledger audit --trust trust.txt --since head.txt'],
  async handler(context, _args, { trust, since }) {
    const client = context.client();
    const trusted = readTrust(context.cwd, trust);
    const { checkpoint: note } = await client.treeHead();
    const { checkpoint, witnesses } = await trustedHead(note, 'The head', trusted);
    const kept =
      since === undefined
        ? null
        : await trustedHead(new TextDecoder().decode(readBytes(context.cwd, since)), since, trusted);
    const leaves = await leavesUpTo(client, checkpoint.size);
    const sameLog = kept === null || kept.checkpoint.origin === checkpoint.origin;
    const audit = auditLog(leaves, checkpoint, kept?.checkpoint ?? null);
    const good = audit.matches && audit.extends !== false && audit.contradictions.length === 0 && sameLog;
    const { style } = context.out;
    const line = (holds: boolean, said: string): string =>
      `${holds ? style.good('✔') : style.bad('✘')} ${said}`;
    context.emit({ good, size: checkpoint.size, witnesses, ...audit }, () => [
      line(audit.matches, `${leaves.length} leaves give the signed root of ${checkpoint.origin}`),
      ...(audit.extends === null ? [] : [line(audit.extends && sameLog, `it continues ${since}`)]),
      line(audit.contradictions.length === 0, 'no leaf contradicts another'),
      ...audit.contradictions.map((c) => `    ${style.bad(c)}`),
      `${audit.missing.length === 0 ? style.good('✔') : style.caution('▲')} ${audit.pipelines} pipelines${
        audit.missing.length === 0
          ? ', no number is missing'
          : `; not in the log: ${audit.missing.join(', ')}`
      }`,
    ]);
    return good ? EXIT.ok : EXIT.error;
  },
});
