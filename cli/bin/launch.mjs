// Plain JavaScript for any Node from 20 on: finds a Node that runs TypeScript as it is, and hands over to it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Type stripping needs no flag from 22.18 on, and prints no warning from 24 on. */
const OWN_NODE = { wanted: [24, 0], enough: [22, 18] };

const atLeast = ([major, minor]) => {
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
};
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** Runs `cli/main.ts` with the given leading words, e.g. `pipeline` for the program of that name. */
export async function launch(...words) {
  const bundled = path('../../node_modules/node/bin/node');
  if (atLeast(OWN_NODE.wanted) || (atLeast(OWN_NODE.enough) && !existsSync(bundled))) {
    const { main } = await import('../main.ts');
    process.exitCode = await main([...words, ...process.argv.slice(2)]);
    return;
  }
  if (!existsSync(bundled)) {
    console.error(
      `ags needs Node 22.18 or newer; this is ${process.version}. Run \`npm ci\` in ${path('../..')} to get one.`,
    );
    process.exitCode = 64;
    return;
  }
  const child = spawn(bundled, [path('./ags.mjs'), ...words, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides what it means.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
}
