import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { createClient } from '#client/index.ts';
import { parseUrl, profileName } from '../../connection/connect.ts';
import { PROFILE_NAME, profilesPath, readProfiles, saveProfile } from '../../connection/profiles.ts';
import type { Context } from '../../context.ts';
import { usageError } from '../../exit.ts';
import { flag, text } from '../../options.ts';
import { printable } from '../../terminal/text.ts';
import { defineVerb } from '../../verb.ts';

/** Asks on the terminal; the answer to a secret question is not shown. */
async function ask(context: Context, question: string, secret: boolean): Promise<string> {
  context.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: context.stdin,
    output: secret ? silent : process.stderr,
    terminal: context.stdin.isTTY === true,
  });
  try {
    return (await lines.question('')).trim();
  } finally {
    lines.close();
    if (secret) context.stderr.write('\n');
  }
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text.trim();
}

export default defineVerb({
  path: ['auth', 'login'],
  summary: 'Keep a deployment’s address and key in a profile',
  description:
    'The key is read from the terminal, or from stdin with --key-stdin; never from the command line, where other users of the machine could see it.',
  options: {
    url: text('--url <url>', 'address of the deployment'),
    keyStdin: flag('--key-stdin', 'read the key from stdin'),
  },
  examples: [
    'ags auth login --url https://ags.example.com',
    'pass show ags | ags auth login --url https://ags.example.com --key-stdin --profile work',
  ],
  async handler(context, _args, options) {
    const path = profilesPath(context.env);
    const name = profileName(context) ?? 'default';
    if (!PROFILE_NAME.test(name))
      throw usageError(`"${name}" cannot be a profile's name`, 'Letters, digits, dot, dash and underscore.');
    const interactive = context.stdin.isTTY === true && !options.keyStdin;
    const known = readProfiles(path).profiles[name]?.url;
    const address =
      options.url ??
      context.env.AGS_URL ??
      (interactive ? (await ask(context, `Address${known ? ` [${known}]` : ''}: `, false)) || known : known);
    if (!address) throw usageError('Which deployment? Give --url https://…');
    const url = parseUrl(address, '--url');
    const key = options.keyStdin
      ? await readAll(context.stdin)
      : (context.env.AGS_KEY ?? (interactive ? await ask(context, 'Key (not shown): ', true) : ''));
    if (!key) throw usageError('There is no key', 'Pipe it in with --key-stdin, or set AGS_KEY.');
    const caller = await createClient({ baseUrl: url, key }).whoami();
    saveProfile(path, name, { url, key }, true);
    const { style } = context.out;
    context.emit({ profile: name, url, caller }, () => [
      `${style.good('✔')} Signed in to ${style.strong(url)} as ${style.strong(printable(caller.name))} ${style.faint(`(${caller.role} of ${caller.tenant}; profile "${name}" in ${path})`)}`,
    ]);
  },
});
