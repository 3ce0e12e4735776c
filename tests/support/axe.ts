import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

export interface AxeOptions {
  /** Only this part of the page; the rest has been looked at. */
  within?: string;
  /** Only what a theme changes. */
  coloursOnly?: boolean;
}

/** axe's findings under WCAG 2.2 AA, as text that names the place. */
export async function axe(page: Page, { within, coloursOnly = false }: AxeOptions = {}): Promise<string[]> {
  // Colours are judged as they will stay, not halfway through a transition; what moves with scrolling alone never ends.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .map(
          (a) =>
            a.timeline !== document.timeline ||
            a.effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY ||
            a.finished.catch(() => null),
        ),
    ),
  );
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const runOnly = coloursOnly
    ? { type: 'rule', values: ['color-contrast'] }
    : {
        type: 'tag',
        values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      };
  const { violations } = (await page.evaluate(
    ([where, options]) =>
      (globalThis as unknown as { axe: { run(c: unknown, o: object): Promise<unknown> } }).axe.run(
        where ?? document,
        options!,
      ),
    [within, { runOnly, resultTypes: ['violations'] }] as const,
  )) as AxeResult;
  return violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary}`),
  );
}
