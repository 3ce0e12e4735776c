import { describe, expect, it } from 'vitest';
import { BadOption, parseOptions } from '#scripts/chaos/options.ts';
import { runChaos } from '#scripts/chaos/run.ts';

describe('kills under load', () => {
  it('REL-2, REC-6: after three kills nothing acknowledged is lost, chains verify, and all pipelines end sealed', async () => {
    const lines: string[] = [];
    const options = { kills: 3, pipelines: 4, seed: 20_261_122, minutes: 0 };
    const report = await runChaos(options, (line) => lines.push(line), new AbortController().signal);
    expect(report.lost, lines.join('\n')).toEqual([]);
    expect(report.kills).toBe(3);
    expect(report.pipelines).toBeGreaterThanOrEqual(4);
    expect(report.stopped).toBeNull();
    expect(report.up_ms).toHaveLength(3);
    expect(report.resumed_ms.length).toBeGreaterThan(0);
    expect(Object.keys(report.exits).every((exit) => /^[013] /.test(exit))).toBe(true);
  }, 420_000);

  it('REL-2: a run that is stopped reports what it has seen so far', async () => {
    const aborter = new AbortController();
    const options = { kills: 50, pipelines: 2, seed: 7, minutes: 0 };
    let kills = 0;
    // Before the first kill there may be nothing to see yet.
    const stopAfterTwo = () => ++kills === 2 && aborter.abort();
    const report = await runChaos(options, stopAfterTwo, aborter.signal);
    expect(report).toMatchObject({ stopped: 'by hand', kills: 2, lost: [] });
    expect(report.pipelines).toBeGreaterThan(0);
    expect(report.events).toBeGreaterThan(0);
  }, 180_000);

  it('REL-2: options are checked before anything is started', () => {
    expect(parseOptions(['--kills', '7', '--seed', '3'])).toMatchObject({ kills: 7, seed: 3, minutes: 20 });
    expect(parseOptions(['--help'])).toBeNull();
    expect(() => parseOptions(['--kills', 'many'])).toThrow(BadOption);
    expect(() => parseOptions(['--pipeline', '3'])).toThrow(BadOption);
  });
});
