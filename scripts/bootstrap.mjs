// Runs before `npm start` and `npm test`, on whatever Node the machine has (RUN-1): plain JavaScript, nothing but Node's own modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
/** The Node that the scripts themselves need: types are stripped without a flag. */
const SCRIPT_NODE = [22, 18];

const root = new URL('../', import.meta.url);
const path = (relative) => fileURLToPath(new URL(relative, root));
const MARKER = path('node_modules/.ags-installed');

const say = (text) => process.stderr.write(`${text}\n`);
function fail(text) {
  say(`\n${text}\n`);
  process.exit(64);
}

/** What an installation must fit: the lock file, and the machine, as a copied folder may hold another one's binaries. */
function fingerprint(lock) {
  return createHash('sha256').update(lock).update(`${process.platform} ${process.arch}`).digest('hex');
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** npm's own record of what it installed, against the lock file: somebody may have run `npm ci`, or only the lock file's head has changed. */
function installedAlready() {
  try {
    const wanted = readJson(path('package-lock.json')).packages;
    const present = readJson(path('node_modules/.package-lock.json')).packages;
    // A folder copied from another machine lists that machine's optional binaries.
    if (
      !present[
        `node_modules/@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`
      ]
    )
      return false;
    return Object.entries(wanted).every(([name, entry]) => {
      if (name === '') return true;
      const found = present[name];
      return found
        ? found.version === entry.version && found.integrity === entry.integrity
        : Boolean(entry.optional);
    });
  } catch {
    return false;
  }
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE) {
  fail(
    `This needs Node ${OLDEST_NODE} or newer; this is ${process.version}.\nInstall a current one from https://nodejs.org and run the command again.`,
  );
}

let lock;
try {
  lock = readFileSync(path('package-lock.json'));
} catch {
  fail('package-lock.json is missing: this is not a complete copy of the repository.');
}
const wanted = fingerprint(lock);
const present = existsSync(MARKER) ? readFileSync(MARKER, 'utf8').trim() : null;

if (present !== wanted) {
  if (installedAlready()) writeFileSync(MARKER, `${wanted}\n`);
  else install();
}

const bundledNode = existsSync(path('node_modules/node/bin/node'));
if (!bundledNode && (major < SCRIPT_NODE[0] || (major === SCRIPT_NODE[0] && minor < SCRIPT_NODE[1]))) {
  fail(
    `The newer Node that comes with the dependencies is not there: npm did not run its install script.\nRun \`npm rebuild node\` (npm's ignore-scripts must be off), or use Node ${SCRIPT_NODE.join('.')} or newer.`,
  );
}

function install() {
  say(
    existsSync(path('node_modules'))
      ? 'Dependencies have changed; installing …'
      : 'Installing dependencies (once) …',
  );
  // npm says where it is when it runs a script; another package manager would say where *it* is.
  const own = process.env.npm_execpath;
  const [command, ...args] =
    own && /^npm/.test(basename(own))
      ? [process.execPath, own]
      : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const done = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: path('.'),
    stdio: ['ignore', 2, 2],
  });
  if (done.error) fail(`npm could not be started: ${done.error.message}`);
  if (done.status !== 0) {
    fail('Installing failed; npm said why above. Is the package registry reachable, and the disk writable?');
  }
  writeFileSync(MARKER, `${wanted}\n`);
}
