import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { parseDocument } from 'yaml';
import type { PlanSource } from '#client/index.ts';
import { MAX_PLAN_BYTES } from '#contract/requests.ts';
import { usageError } from '../exit.ts';

/** A plan as the API takes it, and what the command line needs of it. */
export type PlanReference =
  | { kind: 'id'; plan_id: string }
  | { kind: 'file'; path: string; plan: PlanSource; inputTypes: Record<string, string> };

const PLAN_ID = /^plan_[a-z0-9]{4,60}$/;
const PLAN_FILES = ['plan.yaml', 'plan.yml', 'plan.json'];

/** UTF-8 text of a file that is small enough to send. */
export function readText(path: string, what: string): string {
  let bytes: Buffer;
  try {
    if (statSync(path).size > MAX_PLAN_BYTES) {
      throw usageError(`${what} ${path} is larger than ${MAX_PLAN_BYTES / 1024 / 1024} MiB`);
    }
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw usageError(`${what} ${path} does not exist`);
    if (code === 'EISDIR') throw usageError(`${what} ${path} is a folder`);
    if (code) throw usageError(`${what} ${path} cannot be read: ${code}`);
    throw error;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${what} ${path} is not UTF-8 text`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a readable plan says about files and inputs; a plan with errors is left to the API, which names line and column. */
function skim(source: string): { files: string[]; inputTypes: Record<string, string> } {
  const document = parseDocument(source, { logLevel: 'silent' });
  const plan: unknown = document.errors.length > 0 ? null : document.toJS({ maxAliasCount: 100 });
  if (!isRecord(plan)) return { files: [], inputTypes: {} };
  const context = Array.isArray(plan.context) ? plan.context.filter(isRecord) : [];
  const inputs = isRecord(plan.inputs) ? Object.entries(plan.inputs) : [];
  return {
    files: context.flatMap(({ file }) => (typeof file === 'string' && file !== '' ? [file] : [])),
    inputTypes: Object.fromEntries(
      inputs.flatMap(([name, input]) =>
        isRecord(input) && typeof input.type === 'string' ? [[name, input.type]] : [],
      ),
    ),
  };
}

/** A plan someone else wrote must not send this machine's files away: only its own folder is read unless allowed. */
function contextFile(folder: string, name: string, allowOutside: boolean): string {
  const path = isAbsolute(name) ? name : join(folder, name);
  if (!existsSync(path)) throw usageError(`The plan's context file ${name} does not exist in ${folder}`);
  const way = relative(realpathSync(folder), realpathSync(path));
  if (!allowOutside && (isAbsolute(way) || way.split(sep)[0] === '..')) {
    throw usageError(
      `The plan wants to send ${name}, which is outside its folder ${folder}`,
      'If that is what you want, say --allow-outside.',
    );
  }
  return readText(path, 'The context file');
}

/** `plan`: an id, a plan file, or a folder with a plan.yaml. */
export function readPlan(plan: string, options: { cwd: string; allowOutside: boolean }): PlanReference {
  const given = resolve(options.cwd, plan);
  if (!existsSync(given)) {
    if (PLAN_ID.test(plan)) return { kind: 'id', plan_id: plan };
    throw usageError(
      `There is no plan file ${plan}`,
      'Give a path to a plan.yaml, or a plan id such as plan_7k2m….',
    );
  }
  const path = statSync(given).isDirectory()
    ? PLAN_FILES.map((name) => join(given, name)).find((file) => existsSync(file))
    : given;
  if (!path) throw usageError(`There is no ${PLAN_FILES.join(', ')} in ${plan}`);
  const source = readText(path, 'The plan');
  if (source.trim() === '') throw usageError(`The plan ${path} is empty`);
  const { files, inputTypes } = skim(source);
  const folder = dirname(path);
  const texts = Object.fromEntries(
    files.map((name) => [name, contextFile(folder, name, options.allowOutside)]),
  );
  return { kind: 'file', path, plan: { source, ...(files.length > 0 && { files: texts }) }, inputTypes };
}
