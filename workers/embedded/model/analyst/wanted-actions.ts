import type { ActionDraft, ProposalDraft } from '#domain/agents/output.ts';
import { splitPassages } from '#domain/inspection/index.ts';
import { material } from './evidence.ts';
import { clip } from './point.ts';
import type { Reading } from './reading.ts';
import { instructs, sentencesOf } from './sentences.ts';

const ARTIFACT = /\bas (?:the|an) artifact `([\w][\w .@+-]{0,99})`/i;
const MOST_BYTES = 10_000;

/** What the documents tell whoever decides to keep: "Keep the decision as the artifact `change-note.md`." */
function keptAs(reading: Reading): string[] {
  const told = material(reading)
    .filter(({ trusted }) => trusted)
    .flatMap(splitPassages)
    .flatMap(sentencesOf)
    .filter(instructs)
    .flatMap((sentence) => ARTIFACT.exec(sentence.text)?.[1] ?? []);
  return [...new Set(told)].slice(0, 3);
}

/** PIPE-5: what is to be done once the proposal has won. */
export const wantedActions = (reading: Reading, { title, body, steps }: ProposalDraft): ActionDraft[] =>
  keptAs(reading).map((name) => {
    const content = [
      `# ${title}`,
      body,
      ...(steps.length > 0 ? [`## Steps\n\n${steps.map((step) => `- ${step}`).join('\n')}`] : []),
    ];
    return {
      tool: 'artifact_write',
      arguments: JSON.stringify({
        name,
        media_type: 'text/markdown',
        content: clip(content.join('\n\n'), MOST_BYTES),
      }),
      target: `artifact://${name}`,
    };
  });
