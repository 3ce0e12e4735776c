import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** axe's findings under WCAG 2.2 AA, as text that names the place. */
export async function axe(page: Page): Promise<string[]> {
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
  await page.evaluate(axeSource);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = (await page.evaluate(
    (values) =>
      (globalThis as unknown as { axe: { run(c: Document, o: object): Promise<unknown> } }).axe.run(
        document,
        { runOnly: { type: 'tag', values } },
      ),
    tags,
  )) as AxeResult;
  return violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary}`),
  );
}
