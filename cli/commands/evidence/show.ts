import { verifyEvidenceFile } from '#client/evidence.ts';
import type { EvidencePackage } from '#domain/ledger/evidence/package.ts';
import { CliError, EXIT } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { packageLines, reportLines } from '../../views/evidence.ts';
import { readBytes, readTrust } from './files.ts';

export default defineVerb({
  path: ['evidence', 'show'],
  summary: 'What an evidence package says: outcome, verdict inputs, approvals, tokens, policies',
  description: 'The package is verified first; nothing of one that does not hold is shown.',
  arguments: [['<file>', 'the package']],
  options: { trust: text('--trust <file>', 'keys of logs and witnesses that you believe') },
  examples: ['ags evidence show package.json --trust trust.txt'],
  async handler(context, [file], { trust }) {
    const bytes = readBytes(context.cwd, file!);
    const report = await verifyEvidenceFile(bytes, readTrust(context.cwd, trust));
    if (!report.verified)
      throw new CliError(
        EXIT.error,
        `${file} does not verify, so what it says is not shown`,
        `ags evidence verify ${file} --trust ${trust}`,
        reportLines(report, context.notes.style),
      );
    const given = JSON.parse(new TextDecoder().decode(bytes)) as EvidencePackage;
    const { subject, outcome, redacted, witnesses } = report;
    const parts = Object.fromEntries(
      Object.entries(given.index).map(([part, seqs]) => [
        part,
        seqs.map((seq: number) => given.events[seq - 1]),
      ]),
    );
    context.emit({ subject, outcome, redacted, witnesses, ...parts, policies: given.policies }, () =>
      packageLines(given, report, context.out.style),
    );
    return EXIT.ok;
  },
});
