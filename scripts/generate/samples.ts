import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What `GET /api/samples` answers: the folders of `plans/` as one JSON file that goes into the Worker's bundle. */
interface Sample {
  name: string;
  title: string;
  description: string;
  source: string;
  files: Record<string, string>;
}

const PLANS = new URL('../../plans/', import.meta.url);
const TARGET = new URL('../../workers/api/samples.generated.json', import.meta.url);

/** In the order of the dashboard's landing page (RUN-7); a plan may carry `title` and `description` itself. */
const ORDER = [
  'encrypt-checkout-db',
  'approval',
  'violation',
  'disagreement',
  'model-outage',
  'clean-change',
];

/** The comment on top of a plan says in one sentence what it shows. */
const firstComment = (source: string): string => /^#\s*(.*)$/m.exec(source)?.[1] ?? '';
const spoken = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');

export function readSamples(): Sample[] {
  const folders = readdirSync(PLANS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return folders
    .map(({ name }) => name)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((name) => {
      const folder = new URL(`${name}/`, PLANS);
      const source = readFileSync(new URL('plan.yaml', folder), 'utf8');
      const plan = parse(source) as {
        title?: string;
        description?: string;
        context?: { file?: string }[];
      };
      const files = (plan.context ?? []).map((item) => item.file).filter((file) => file !== undefined);
      return {
        name,
        title: plan.title ?? spoken(name),
        description: plan.description ?? firstComment(source),
        source,
        files: Object.fromEntries(files.map((file) => [file, readFileSync(new URL(file, folder), 'utf8')])),
      };
    });
}

export const renderSamples = (): string => `${JSON.stringify(readSamples(), null, 2)}\n`;

if (import.meta.main) writeFileSync(TARGET, renderSamples());
