import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

/** Where systems keep a Chromium; `AGS_CHROMIUM` comes first. */
const INSTALLED = [
  process.env.AGS_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

/**
 * A browser for tests, without a download: the system's own Chromium, else the one that a dev dependency carries together
 * with the libraries it needs (NSS, expat), which it unpacks only when it believes to be on Amazon Linux.
 */
async function howToLaunch(): Promise<LaunchOptions> {
  const installed = INSTALLED.find((path) => path !== '' && existsSync(path));
  if (installed) return { executablePath: installed, args: QUIET };
  const before = { ...process.env };
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs22.x';
  try {
    const { default: carried } = await import('@sparticuz/chromium');
    const executablePath = await carried.executablePath();
    const LD_LIBRARY_PATH = join(tmpdir(), 'al2023', 'lib');
    return { executablePath, args: QUIET, env: { ...before, LD_LIBRARY_PATH } as Record<string, string> };
  } finally {
    process.env = before;
  }
}

export const launchBrowser = async (): Promise<Browser> => chromium.launch(await howToLaunch());
