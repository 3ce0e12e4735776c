// Two lines govern a tool: make a governor, wrap the function. In a project of your own `./ags-govern.ts` is what `ags connect` wrote.
// Registered with: ags connect langgraph --tool write_note=reversible,internal --tool restart_service=reversible
import { writeFileSync } from 'node:fs';
import { Denied, governor } from '../../client/govern.ts';

const govern = governor({ waitS: Number(process.env.WAIT_FOR_PERSON_S ?? 300) });
const writeNote = govern('write_note', ({ path, text }: { path: string; text: string }) => {
  writeFileSync(path, text);
  return `${text.length} characters`;
});
const restart = govern('restart_service', ({ host }: { host: string }) => `restarted ${host}`, {
  target: ({ host }) => host,
});
// Nobody declared this one, so a person approves each call of it.
const deleteDatabase = govern('delete_database', ({ name }: { name: string }) => `deleted ${name}`, {
  target: ({ name }) => name,
});

console.log(await writeNote({ path: process.argv[2] ?? 'note.txt', text: 'governed' }));
for (const act of [() => restart({ host: 'prod-web-1' }), () => deleteDatabase({ name: 'sandbox-orders' })]) {
  try {
    console.log(await act());
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    console.log(`denied: ${error.message}`);
  }
}
