import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildDashboard } from '#scripts/start/dashboard.ts';

const DIST = fileURLToPath(new URL('../../pages/dist/', import.meta.url));
const MAX_FIRST_LOAD = 300 * 1024;

const scripts = (): string[] =>
  readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
const text = (file: string): string => readFileSync(join(DIST, file), 'utf8');

/** These scripts and all that they import before they run. */
function withImports(files: readonly string[]): Set<string> {
  const found = new Set(files);
  for (const file of found)
    for (const [, name] of text(file).matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g))
      found.add(`assets/${name}`);
  return found;
}

describe('the dashboard’s bundle', () => {
  beforeAll(async () => {
    await buildDashboard();
  });

  it('UI-2: whichever page is opened first, its scripts are at most 300 KB compressed', () => {
    const entry = withImports(
      [...text('index.html').matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]!),
    );
    const pages = [...entry].flatMap((file) =>
      [...text(file).matchAll(/import\(`\.\/([^`]+\.js)`\)/g)].map((m) => `assets/${m[1]}`),
    );
    expect(pages.length).toBeGreaterThan(5);
    for (const page of pages) {
      const files = withImports([...entry, page]);
      const bytes = [...files].reduce(
        (sum, file) => sum + gzipSync(readFileSync(join(DIST, file))).length,
        0,
      );
      expect(bytes).toBeGreaterThan(50 * 1024);
      expect([page, bytes <= MAX_FIRST_LOAD, bytes]).toEqual([page, true, bytes]);
    }
  });

  it('SEC-3: it holds no key, no test data and nothing that its CSP would have to allow', () => {
    const all = scripts().map(text).join('\n');
    expect(all).not.toMatch(/pl_demo|ags_acme_|hvs\.|sk-or-|role_id|secret_id/);
    expect(all).not.toMatch(/\bnew Function\(|\beval\(/);
    expect(text('index.html')).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|<style|\sstyle=/);
  });

  it('SEC-1: pages are sent with a CSP that allows no inline script or style, no framing and no other origin', () => {
    const csp = /Content-Security-Policy: (.*)/.exec(text('_headers'))?.[1] ?? '';
    const policy = new Map(
      csp.split('; ').map((d) => [d.slice(0, d.indexOf(' ')), d.slice(d.indexOf(' ') + 1)]),
    );
    expect(policy.get('default-src')).toBe("'none'");
    expect(policy.get('script-src')).toBe("'self'");
    expect(policy.get('style-src')).toBe("'self'");
    expect(policy.get('connect-src')).toBe("'self'");
    expect(policy.get('frame-ancestors')).toBe("'none'");
    expect(policy.get('base-uri')).toBe("'none'");
  });
});
