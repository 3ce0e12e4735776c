import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Marks modules that are made here. The path is encoded, because Vitest leaves whatever says `node_modules` to Node. */
const OURS = '\0worker-module:';

/** What wrangler's module rules do in a Worker, for tests in plain Node: policies are texts, WebAssembly is compiled. */
export const workerModules = {
  name: 'worker-modules',
  enforce: 'pre' as const,
  resolveId: (source: string, importer?: string): string | null =>
    importer && /^\..*\.(cedar|cedarschema|wasm)$/.test(source)
      ? OURS + Buffer.from(resolve(dirname(importer), source)).toString('base64url')
      : null,
  load(id: string): string | null {
    if (!id.startsWith(OURS)) return null;
    const path = Buffer.from(id.slice(OURS.length), 'base64url').toString();
    return path.endsWith('.wasm')
      ? `import { readFileSync } from 'node:fs';\nexport default new WebAssembly.Module(readFileSync(${JSON.stringify(path)}))`
      : `export default ${JSON.stringify(readFileSync(path, 'utf8'))}`;
  },
};
