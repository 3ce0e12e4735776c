// Two lines govern a tool: make a governor, wrap the function. In a project of your own `./ags-govern.ts` is what `ags connect` wrote.
import { writeFileSync } from 'node:fs';
import { Denied, governor } from '../../client/govern.ts';

const govern = governor();
const writeNote = govern('write_note', ({ path, text }: { path: string; text: string }) => {
  writeFileSync(path, text);
  return `${text.length} characters`;
});
const restart = govern('restart_service', ({ host }: { host: string }) => `restarted ${host}`, {
  target: ({ host }) => host,
});

console.log(await writeNote({ path: process.argv[2] ?? 'note.txt', text: 'governed' }));
try {
  console.log(await restart({ host: 'prod-web-1' }));
} catch (error) {
  if (!(error instanceof Denied)) throw error;
  console.log(`denied: ${error.message}`);
}
