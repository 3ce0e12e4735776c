// Starts a command and ends its whole process group when the parent is gone, however that happened.
// A child of a killed `npm start` would otherwise hold its port and its state for ever.
import { spawn } from 'node:child_process';

/** Milliseconds that a command has to end by itself before it is killed. */
const GRACE_MS = 4_000;

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

let ending = false;
function end() {
  if (ending) return;
  ending = true;
  child.kill('SIGTERM');
  // The group is ours alone; this process is part of it and goes with it.
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), GRACE_MS);
}
process.on('disconnect', end);
process.on('SIGTERM', end);
process.on('SIGINT', () => {});
child.on('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on('exit', (code, signal) => {
  ending = true;
  // Whatever the command left behind in the group (a workerd whose wrangler died) must not outlive it; the kill takes this
  // process along, so the parent is told first.
  const killGroup = () => process.kill(-process.pid, 'SIGKILL');
  if (process.connected) process.send({ code, signal }, killGroup);
  else killGroup();
});
