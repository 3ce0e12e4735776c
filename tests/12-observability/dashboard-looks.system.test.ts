import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axe } from '../support/axe.ts';
import { dashboardStage, runPath } from '../support/dashboard-stage.ts';
import {
  abortedRun,
  approvalRun,
  incidentRun,
  rerunRun,
  successorRun,
  undecidedRun,
  unknownRun,
  verdictRun,
  violationRun,
  waitingRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';
import type { Served } from '../support/fixtures/dashboard-server.ts';

/** UI-2: every page by axe, in both themes and at a phone’s width. */

const stage = dashboardStage();

const allRuns = (): Served[] =>
  [verdictRun(12), violationRun(11), waitingRun(13), workingRun(14)].map((rig) => ({ rig }));

const troubledRuns = (): Served[] => {
  const aborted = abortedRun(22);
  const rigs = [undecidedRun(16), approvalRun(17), rerunRun(18), unknownRun(19), aborted];
  return [...rigs, successorRun(aborted, 23)].map((rig) => ({ rig }));
};

/** Pages beside the pipelines, and something that is there once they are loaded. */
const PAGES = [
  ['/approvals', 'Run again at tier 2'],
  ['/agents', 'Stop BETA'],
  ['/access', 'ada laptop'],
  ['/health', 'no answer in 2 s'],
  ['/violations', 'forbidden_target:prod-*'],
  ['/stops', 'Nothing is stopped'],
  ['/policies', 'Webhooks need a person'],
  ['/policies?view=draft', '1 policy: 1 that refuse'],
  ['/policies?view=versions', 'Version 3'],
  ['/policies?view=report', 'Ask Bob.'],
  ['/promotions', 'Tier 2 is earned'],
  ['/quotas', 'used up'],
  ['/ledger', 'content matches its hash'],
  ['/verify', 'No file chosen'],
  [runPath(24).replace('pipelines', 'incidents'), 'First refused'],
] as const;

const arrived = (page: Page, path: string, text: string): Promise<void> =>
  path === '/agents'
    ? page.getByRole('button', { name: text }).first().waitFor()
    : page.getByText(text).first().waitFor();
const pageRuns = (): Served[] => [incidentRun(24), approvalRun(17), verdictRun(12)].map((rig) => ({ rig }));

/** How far the page is wider than the screen, in pixels. */
const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Of the pipelines, what is looked at in each theme; markup is the same in both, so the second is asked for its colours alone. */
const THEMES = [
  ['light', false],
  ['dark', true],
] as const;
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

describe('accessibility and looks', () => {
  it.each([
    ['light', { viewport: { width: 1280, height: 900 } }],
    ['dark', PHONE],
  ] as const)(
    'UI-2: the pages beside the pipelines have no violation of WCAG 2.2 AA and cut nothing off: %s, %o',
    async (colorScheme, screen) => {
      const page = await stage.open(pageRuns(), '/', {
        context: { colorScheme, ...screen },
        server: { role: 'admin' },
      });
      for (const [path, text] of PAGES) {
        await page.goto(stage.server.url + path);
        await arrived(page, path, text);
        expect([path, await tooWide(page), await axe(page)]).toEqual([path, 0, []]);
      }
    },
  );

  it.each(THEMES)(
    'UI-2: no pipeline’s page and no tab of it has a violation of WCAG 2.2 AA in %s mode',
    async (colorScheme, coloursOnly) => {
      const page = await stage.open([...allRuns(), ...troubledRuns()], '/', { context: { colorScheme } });
      await page.getByRole('row', { name: /violation/ }).waitFor();
      expect(await axe(page, { coloursOnly })).toEqual([]);
      for (const run of [11, 13, 14, 16, 17, 18, 19, 22, 12]) {
        await page.goto(stage.server.url + runPath(run));
        await page.getByText('chain verified').waitFor();
        expect([run, await axe(page, { coloursOnly })]).toEqual([run, []]);
      }
      for (const tab of await page.getByRole('tab').all()) {
        await tab.click();
        expect(await axe(page, { coloursOnly, within: '[aria-label="Details"]' })).toEqual([]);
      }
      await page.getByRole('slider', { name: 'Event shown' }).fill('40');
      await page.getByText('You are looking at the past').waitFor();
      expect(await axe(page, { coloursOnly })).toEqual([]);
      await stage.context.clearCookies();
      await page.goto(`${stage.server.url}/signin`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await axe(page, { coloursOnly })).toEqual([]);
    },
  );

  it('UI-2: of the pipelines nothing is cut off at phone width', async () => {
    const page = await stage.open([...allRuns(), ...troubledRuns()], '/', { context: PHONE });
    await page.getByRole('row', { name: /violation/ }).waitFor();
    expect([await tooWide(page), await axe(page)]).toEqual([0, []]);
    for (const run of [16, 17, 18, 19, 22, 12]) {
      await page.goto(stage.server.url + runPath(run));
      await page.getByText('chain verified').waitFor();
      expect([run, await tooWide(page)]).toEqual([run, 0]);
    }
    expect(await axe(page)).toEqual([]);
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      expect(await tooWide(page)).toBe(0);
    }
  });

  it('UI-1: on a phone a key is revoked and an agent stopped without scrolling sideways', async () => {
    const page = await stage.open(allRuns(), '/access', { context: PHONE, server: { role: 'admin' } });
    const inSight = async (name: string | RegExp) => {
      const box = await page.getByRole('button', { name }).first().boundingBox();
      return box !== null && box.x >= 0 && box.x + box.width <= PHONE.viewport.width;
    };
    await page.getByText('ada laptop').waitFor();
    expect(await inSight('Revoke ada laptop')).toBe(true);
    expect(await axe(page)).toEqual([]);
    await page.goto(`${stage.server.url}/agents`);
    await page.getByRole('button', { name: 'Stop BETA' }).first().waitFor();
    expect(await inSight('Stop BETA')).toBe(true);
    expect(await axe(page)).toEqual([]);
  });
});
