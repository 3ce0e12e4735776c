import { dirname, join, normalize } from 'node:path/posix';

/**
 * What Biome's per-folder rules cannot say: relative paths that leave a folder, circles between worker folders, objects used by
 * value, clocks in the domain, variables read outside config.ts. The per-folder rules themselves are in biome.json.
 */
export interface SourceFile {
  /** From the repository's root, with `/`. */
  path: string;
  text: string;
}

export interface Problem {
  path: string;
  line: number;
  message: string;
}

const ALIASES: Record<string, string> = { objects: 'durable-objects' };

interface Import {
  line: number;
  /** From the root; null for a package. */
  target: string | null;
  relative: boolean;
  typeOnly: boolean;
}

/** Every `import … from`, `export … from`, `import('…')` and bare `import '…'`. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)[ \t]*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/g;
  for (const match of file.text.matchAll(pattern)) {
    const specifier = match[2] ?? match[3] ?? '';
    const relative = specifier.startsWith('.');
    const alias = /^#([a-z-]+)\/(.+)$/.exec(specifier);
    const target = relative
      ? normalize(join(dirname(file.path), specifier))
      : alias
        ? `${ALIASES[alias[1] ?? ''] ?? alias[1]}/${alias[2]}`
        : null;
    const line = file.text.slice(0, match.index + match[0].length).split('\n').length;
    found.push({ line, target, relative, typeOnly: match[1] !== undefined });
  }
  return found;
}

/** The room a file belongs to: a top-level folder, or one folder of workers/. */
export function unitOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  return top === 'workers' && third !== undefined ? `${top}/${second}` : top;
}

const ENV_VARIABLE =
  /\benv\.(?:AGS|VAULT|UPSTASH|MODEL|REDIS|CLOUDFLARE|OPENROUTER)_[A-Z_]+|\bprocess\.env\b/;
const CLOCK_OR_CHANCE = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bcrypto\./;
/** What the objects show to workers by value: interfaces with their names, stubs, and what a folder's index.ts offers. */
const DOOR_OF_OBJECTS = /^durable-objects\/(?:[a-z-]+\/(?:rpc|index)|shared\/stubs)\.ts$/;
const RUNS_IN_A_WORKER = /^(?:domain|contract|durable-objects|workers)\//;
/** Composition touches everything; config.ts reads the variables; the embedded Worker has variables of its own. */
const READS_VARIABLES = /^workers\/(?:config\.ts|main\.ts|embedded\/)/;

export function checkImports(files: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  const arrows = new Map<string, Map<string, Problem>>();
  for (const file of files) {
    const unit = unitOf(file.path);
    const report = (line: number, message: string) => problems.push({ path: file.path, line, message });
    for (const { line, target, relative, typeOnly } of importsOf(file)) {
      // A file of a package that the package does not export has no other name than its path.
      if (target === null || target.startsWith('node_modules/')) continue;
      const other = unitOf(target);
      if (relative && target.split('/')[0] !== file.path.split('/')[0])
        report(line, `a relative path leaves ${unit}/: use the # alias of ${other}/`);
      if (relative && other !== unit && other.startsWith('workers/') && file.path !== 'workers/main.ts')
        report(line, `a relative path leaves ${unit}/: use #${other}/index.ts`);
      if (unit.startsWith('workers') && file.path !== 'workers/main.ts') {
        if (other === 'durable-objects' && !typeOnly && !DOOR_OF_OBJECTS.test(target))
          report(line, 'workers use types, rpc.ts, index.ts and stubs.ts of the objects only');
        if (other.startsWith('workers/') && other !== unit && unit !== 'workers' && !typeOnly)
          remember(arrows, unit, other, {
            path: file.path,
            line,
            message: `${unit} → ${other} closes a circle`,
          });
      }
    }
    for (const [i, text] of file.text.split('\n').entries()) {
      if (/^\s*(?:\/\/|\*|\/\*)/.test(text)) continue;
      if (file.path.startsWith('domain/') && CLOCK_OR_CHANCE.test(text))
        report(i + 1, 'time and chance come into the domain with the command');
      if (RUNS_IN_A_WORKER.test(file.path) && !READS_VARIABLES.test(file.path) && ENV_VARIABLE.test(text))
        report(i + 1, 'only workers/config.ts reads variables');
    }
  }
  return [...problems, ...circles(arrows)];
}

function remember(arrows: Map<string, Map<string, Problem>>, from: string, to: string, p: Problem): void {
  const known = arrows.get(from) ?? new Map<string, Problem>();
  if (!known.has(to)) known.set(to, p);
  arrows.set(from, known);
}

function circles(arrows: Map<string, Map<string, Problem>>): Problem[] {
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    [...(arrows.get(from)?.keys() ?? [])].some(
      (next) => next === goal || (!seen.has(next) && reaches(next, goal, seen.add(next))),
    );
  return [...arrows].flatMap(([from, targets]) =>
    [...targets].filter(([to]) => reaches(to, from)).map(([, problem]) => problem),
  );
}
