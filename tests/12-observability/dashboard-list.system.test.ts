import { describe, expect, it } from 'vitest';
import { axe } from '../support/axe.ts';
import { dashboardStage, runPath } from '../support/dashboard-stage.ts';
import {
  abortedRun,
  approvalRun,
  rerunRun,
  successorRun,
  undecidedRun,
  verdictRun,
  violationRun,
  waitingRun,
  workingRun,
} from '../support/fixtures/dashboard-runs.ts';
import { KEY, type Served } from '../support/fixtures/dashboard-server.ts';

/** Signing in, the list of pipelines, and what every page has: at sizes and in states that a real run rarely gives. */

const stage = dashboardStage();

const allRuns = (): Served[] =>
  [verdictRun(12), violationRun(11), waitingRun(13), workingRun(14)].map((rig) => ({ rig }));

describe('sign-in', () => {
  it('TEN-3: a one-time link signs in, leaves the address bar, and does not work twice', async () => {
    const page = await stage.open([], '/signin', { signedIn: false });
    const token = stage.server.link();
    await page.goto(`${stage.server.url}/signin?token=${token}`);
    await page.getByRole('heading', { name: 'Pipelines', exact: true }).waitFor();
    await stage.context.clearCookies();
    await page.goto(`${stage.server.url}/signin?token=${token}`);
    await page.getByRole('alert').getByText('not valid').waitFor();
    expect(page.url()).toBe(`${stage.server.url}/signin`);
  });

  it('TEN-3: a key signs in and leads back to the page that asked for it; signing out ends it', async () => {
    const page = await stage.open(allRuns(), runPath(12), { signedIn: false });
    await page.getByLabel('API key').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('not valid').waitFor();
    await page.getByLabel('API key').fill(KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'encrypt-checkout-db' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await stage.context.cookies()).toEqual([]);
  });
});

describe('pipelines', () => {
  it('UI-2: the list changes by itself, and tells a lost connection from a live one', async () => {
    const rig = waitingRun(13);
    const page = await stage.open([{ rig }], '/');
    const row = page.getByRole('row', { name: /encrypt-checkout-db/ });
    await row.getByText('waits for you').waitFor();
    rig.when({ kind: 'revoke', agent_id: null, reason: 'test' });
    stage.server.publish();
    await row.getByText('FAILED', { exact: true }).waitFor();
    stage.server.cut(true);
    await page.getByText('Reconnecting').waitFor();
    stage.server.cut(false);
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  });

  it('UI-1: what waits for a person is counted on every page, and one click lists it', async () => {
    const rigs = [verdictRun(12), waitingRun(13), undecidedRun(16), approvalRun(17), workingRun(14)];
    const page = await stage.open(
      rigs.map((rig) => ({ rig })),
      runPath(12),
    );
    await page.getByRole('link', { name: 'Needs you 3' }).click();
    await page.getByRole('table').waitFor();
    expect(await page.getByRole('row').count()).toBe(4);
    await page.getByLabel('All').check({ force: true });
    await page.getByText('COMPLETED').waitFor();
  });

  it('REC-4: the list tells later attempts and generations from first ones', async () => {
    const aborted = abortedRun(22);
    const page = await stage.open(
      [aborted, successorRun(aborted, 23), rerunRun(18)].map((rig) => ({ rig })),
      '/',
    );
    await page.getByText('attempt 2 of 3').waitFor();
    await page.getByText('generation 2').waitFor();
  });

  it('UI-2: 1,000 pipelines are paged, filtered by text and by state', async () => {
    const runs = Array.from({ length: 1_000 }, (_, i) => ({
      rig: i % 10 === 0 ? violationRun(i + 1) : waitingRun(i + 1),
    }));
    const page = await stage.open(runs, '/');
    await page.getByText('1–40 of 1,000').waitFor();
    expect(await page.getByRole('row').count()).toBe(41);
    await page.getByRole('button', { name: 'Older pipelines' }).click();
    await page.getByText('41–80 of 1,000').waitFor();
    await page.getByLabel('Ended').check({ force: true });
    await page.getByText('1–40 of 100').waitFor();
    await page.getByLabel('Search pipelines').fill('no such thing');
    await page.getByText('No pipeline fits these filters').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByText('1–40 of 1,000').waitFor();
  });

  it('RUN-7: one click runs a sample and opens its page', async () => {
    const page = await stage.open([], '/', { server: { spawn: () => workingRun(20) } });
    await page.getByText('No pipeline has run yet').waitFor();
    await page.getByRole('button', { name: 'Run A disagreement' }).click();
    await page.getByRole('heading', { name: 'rotate-search-keys' }).waitFor();
    expect(page.url()).toBe(stage.server.url + runPath(20));
    const spawn = stage.server.requests.find((r) => r.path === '/api/spawn');
    expect(spawn?.body).toMatchObject({ plan: { source: 'name: disagreement\n', files: {} } });
  });

  it('RUN-7: a refused spawn says why and leaves the page usable', async () => {
    const page = await stage.open([], '/');
    await page.getByRole('button', { name: 'Run A violation' }).click();
    await page.getByText('Two live pipelines are the most').first().waitFor();
    expect(await page.getByRole('button', { name: 'Run A violation' }).isEnabled()).toBe(true);
  });

  it('DSL-1: the spawn dialog shows a mistake with its line and column, and runs once it is mended', async () => {
    const page = await stage.open([], '/', { server: { spawn: () => waitingRun(21) } });
    await page.getByRole('button', { name: 'New pipeline' }).click();
    const plan = page.getByLabel('Plan (YAML or JSON)');
    await plan.fill('name: a\nobjectve: typo\n');
    await page.getByText('There is no field “objectve”').waitFor();
    await page.getByRole('button', { name: 'line 2, column 1' }).click();
    expect(await plan.evaluate((el: HTMLTextAreaElement) => el.selectionStart)).toBe(8);
    expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await page
      .getByLabel('Add context files')
      .setInputFiles({ name: 'note.md', mimeType: 'text/markdown', buffer: Buffer.from('# Note') });
    await plan.fill('name: a\nobjective: right\n');
    await page.getByLabel('Wait for me after the planner’s report').check();
    await page.getByText('Ready to run').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('waits for a person to read it').waitFor();
    const spawn = stage.server.requests.find((r) => r.path === '/api/spawn');
    expect(spawn?.body).toEqual({
      plan: { source: 'name: a\nobjective: right\n', files: { 'note.md': '# Note' } },
      auto_continue: false,
    });
  });
});

describe('every page', () => {
  it('UI-2: the navigation works by keyboard, and on a phone from behind its button', async () => {
    const page = await stage.open([], '/');
    await page.getByRole('link', { name: 'Health' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Health', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Health' }).getAttribute('aria-current')).toBe('page');
    await page.setViewportSize({ width: 360, height: 740 });
    const menu = page.getByRole('button', { name: 'Open the menu' });
    await menu.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'detached' });
    expect(await menu.evaluate((el) => el === document.activeElement)).toBe(true);
    await menu.click();
    await page.getByRole('link', { name: 'Approvals' }).click();
    await page.getByRole('heading', { name: 'Approvals', exact: true }).waitFor();
    expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(0);
  });

  it('UI-2: a page that cannot be refreshed says so, with what to do, and goes on by itself', async () => {
    const page = await stage.open([], '/health');
    await page.getByText('no answer in 2 s').waitFor();
    await page.clock.install({ time: '2026-11-22T12:30:00.000Z' });
    stage.server.cut(true);
    await page.goto(`${stage.server.url}/health`).catch(() => null);
    await page.getByRole('alert').first().waitFor();
    stage.server.cut(false);
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText('no answer in 2 s').waitFor();
  });

  it('UI-2: the theme can be switched and is remembered', async () => {
    const page = await stage.open([], '/', { context: { colorScheme: 'light' } });
    await page.getByRole('button', { name: 'Switch to dark mode' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Switch to light mode' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.mode)).toBe('dark');
  });
});
