import { verifyEvidenceFile } from '#client/evidence.ts';
import { EXIT } from '../../exit.ts';
import { text } from '../../options.ts';
import { defineVerb } from '../../verb.ts';
import { reportLines } from '../../views/evidence.ts';
import { readBytes, readTrust } from './files.ts';

export default defineVerb({
  path: ['evidence', 'verify'],
  summary: 'Verify an evidence package, offline, with the keys that you trust',
  description:
    'Talks to nobody. Exits 0 when every check holds, 1 when one does not; content that was erased is reported as redacted. docs/evidence.md describes the checks.',
  arguments: [['<file>', 'the package']],
  options: { trust: text('--trust <file>', 'keys of logs and witnesses that you believe') },
  examples: [
    'ags evidence verify pl_….evidence.json --trust trust.txt',
    'ags evidence verify package.json --trust trust.txt --json',
  ],
  async handler(context, [file], { trust }) {
    const trusted = readTrust(context.cwd, trust);
    const report = await verifyEvidenceFile(readBytes(context.cwd, file!), trusted);
    context.emit({ file, ...report }, () => reportLines(report, context.out.style));
    return report.verified ? EXIT.ok : EXIT.error;
  },
});
