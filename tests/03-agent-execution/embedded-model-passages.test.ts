import { describe, expect, it } from 'vitest';
import {
  collectSecrets,
  quoteStandsAt,
  rankPassages,
  redact,
  splitPassages,
} from '#domain/inspection/index.ts';
import { pointer, resolvePointer } from '#domain/inspection/json-pointer.ts';
import { words } from '#domain/inspection/words.ts';

const markdown = (text: string) => ({ name: 'a.md', media_type: 'text/markdown', text });
const locators = (source: Parameters<typeof splitPassages>[0]) =>
  splitPassages(source).map(({ locator }) => locator);

describe('passages of documents', () => {
  it('CONS-1: a numbered heading is a section, another is named by its path, and code is no heading', () => {
    const text =
      '# Guide\n\nIntro.\n\n## 2. Do it\n\nA.\n\n```\n# not a heading\n```\n\n### 2.1 Detail\n\nB.\n\n## Notes\n\nC.\n';
    expect(locators(markdown(text))).toEqual(['Guide', '§2 Do it', '§2.1 Detail', 'Guide > Notes']);
    expect(splitPassages(markdown(text))[1]?.text).toContain('# not a heading');
  });

  it('CONS-1: JSON splits into subtrees whose locators are pointers that resolve', () => {
    const value = { a: { 'x/y': 'z'.repeat(1_500), w: 'v'.repeat(1_500) }, b: [1, 2] };
    const source = { name: 'a.json', media_type: 'application/json', text: JSON.stringify(value) };
    expect(locators(source)).toEqual(['/a/x~1y', '/a/w', '/b']);
    for (const path of locators(source)) expect(resolvePointer(value, path)).toBeDefined();
  });

  it('CONS-1: YAML splits at its top-level entries, other text at empty lines, with line numbers', () => {
    const yaml = { name: 'a.yml', media_type: 'text/yaml', text: '- a: 1\n  b: 2\n- c: 3\n' };
    expect(locators(yaml)).toEqual(['lines 1-2', 'lines 3-4']);
    const text = { name: 'a.txt', media_type: 'text/plain', text: 'one\ntwo\n\nthree' };
    expect(locators(text)).toEqual(['lines 1-2', 'lines 3-4']);
  });

  it('SEC-2: odd input gives passages or none, and never throws', () => {
    for (const text of [
      '',
      '\n\n',
      '{',
      '[1,',
      '# ',
      '####### x',
      '```\n# a',
      '\u0000',
      '- '.repeat(5_000),
    ]) {
      for (const media_type of ['application/json', 'text/markdown', 'text/yaml', '']) {
        expect(Array.isArray(splitPassages({ name: 'x', media_type, text }))).toBe(true);
      }
    }
  });

  it('SEC-2: hostile text costs no more than its length, and depth does no harm', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(splitPassages({ name: 'x', media_type: 'application/json', text: deep })).toHaveLength(1);
    expect(collectSecrets(deep)).toEqual([]);
    for (const unit of [
      'a.',
      'a-',
      'a_',
      'a:',
      '://',
      ' ',
      '# ',
      '-----BEGIN PRIVATE KEY-----',
      'password=',
    ]) {
      const text = `# ${unit.repeat(300_000 / unit.length)}x`;
      expect(splitPassages(markdown(text)).length).toBeLessThanOrEqual(1);
      expect(Array.isArray(collectSecrets(text))).toBe(true);
    }
  });

  it('RUN-5: forms of a word meet, and the commonest words do not count', () => {
    expect(new Set(words('encrypt encrypted encrypting encryption encrypts')).size).toBe(1);
    expect(words('what is to be done with it')).toEqual(words('done'));
  });

  it('RUN-5: ranks what answers first, leaves out what shares no word, and keeps the order of equals', () => {
    const passages = splitPassages(
      markdown(
        '## 1. Fonts\n\nInter.\n\n## 2. Backups\n\nRestore a database.\n\n## 3. Again\n\nSame database.\n\n## 4. Twin\n\nSame database.\n',
      ),
    );
    const ranked = rankPassages(passages, 'How do I restore the database from a backup?');
    expect(ranked.map(({ locator }) => locator)).toEqual(['§2 Backups', '§3 Again', '§4 Twin']);
    expect(ranked.every(({ score }) => Number.isInteger(score))).toBe(true);
  });

  it('CONS-1: a quote has to stand at its own place, not merely somewhere', () => {
    const source = markdown('## 1. One\n\nred\n\n## 2. Two\n\ngreen\n');
    expect(quoteStandsAt(source, '§1 One', 'red')).toBe(true);
    expect(quoteStandsAt(source, '§2 Two', 'red')).toBe(false);
    const json = { name: 'a.json', media_type: 'application/json', text: '{"a": true, "b": "x{\\"y\\":1}"}' };
    expect(quoteStandsAt(json, '/a', 'true')).toBe(true);
    expect(quoteStandsAt(json, '/a', 'tru')).toBe(false);
    expect(quoteStandsAt(json, '/b', '"y":1')).toBe(true);
    expect(quoteStandsAt(json, '/c', '')).toBe(false);
  });

  it('CONS-1: pointers escape and unescape, and lead nowhere quietly', () => {
    const value = { 'a/b': { 'c~d': ['x'] }, __proto__: null };
    expect(resolvePointer(value, pointer('a/b', 'c~d', 0))).toBe('x');
    for (const path of ['/a/b', '/a~1b/c~0d/01', '/a~1b/c~0d/-', 'a~1b', '/constructor']) {
      expect(resolvePointer(value, path)).toBeUndefined();
    }
  });
});

describe('secrets in text', () => {
  it.each([
    ['an assignment', 'export DB_PASSWORD="violet-31-lamp"', 'violet-31-lamp'],
    ['a URL', 'amqp://shop:violet31lamp@mq.internal', 'violet31lamp'],
    ['a cloud key', `key AKIA${'ABCD'.repeat(4)} here`, `AKIA${'ABCD'.repeat(4)}`],
    ['JSON', '{"db": {"apiKey": "violet-31-lamp"}}', 'violet-31-lamp'],
  ])('SEC-3: %s', (_, text, secret) => {
    expect(collectSecrets(text)).toEqual([secret]);
    expect(redact(text, collectSecrets(text))).not.toContain(secret);
  });

  it.each([
    ['prose', 'The password: ask the owner. A token is short-lived.'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax.
    ['a reference', 'password = "${var.db_password}"'],
    ['an ARN', 'arn:aws:secretsmanager:eu-central-1:1:secret:db-9x'],
    [
      'a setting',
      '{"password_encryption": "scram-sha-256", "token_ttl": "3600s", "secret_arn": "arn:aws:x:1"}',
    ],
    ['a mark', '{"password": "[redacted]"}'],
  ])('SEC-3: %s is none', (_, text) => {
    expect(collectSecrets(text)).toEqual([]);
  });
});
