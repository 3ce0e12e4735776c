import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attempt,
  BREAKER,
  type Breaker,
  CLOSED,
  failuresOf,
  isQuiet,
  noteFailure,
  noteSuccess,
  releaseProbe,
} from '#domain/governance/breaker.ts';

const T = 1_000_000;
const DOWN = { code: 'model_unavailable', message: 'Model provider x is failing: HTTP 503.' };
const fail = (breaker: Breaker, at: number, more = {}): Breaker => noteFailure(breaker, at, DOWN, more);
const failing = (times: number, from = CLOSED, at = T): Breaker =>
  Array.from({ length: times }).reduce<Breaker>((b) => fail(b, at), from);
const opened = (): Breaker => failing(BREAKER.failures);

describe('closed', () => {
  it('OPS-1: one failure less than the limit leaves it closed; the one at the limit opens it', () => {
    expect(failing(BREAKER.failures - 1).state).toBe('closed');
    expect(failing(BREAKER.failures)).toMatchObject({ state: 'open', opened_at: T, last_error: DOWN });
  });

  it('OPS-1: only what failed within the window counts, to the millisecond', () => {
    const before = failing(BREAKER.failures - 1);
    expect(fail(before, T + BREAKER.window - 1).state).toBe('open');
    expect(fail(before, T + BREAKER.window).state).toBe('closed');
    expect(failuresOf(fail(before, T + BREAKER.window), T + BREAKER.window)).toBe(1);
  });

  it('OPS-1: failures among more calls that went well do not open it; half of them do', () => {
    const busy = fail(CLOSED, T, { ok: BREAKER.failures + 1 });
    expect(failing(BREAKER.failures - 1, busy).state).toBe('closed');
    const half = fail(CLOSED, T, { ok: BREAKER.failures });
    expect(failing(BREAKER.failures - 1, half).state).toBe('open');
  });

  it('OPS-1: everybody may call while it is closed, and nothing is remembered of a quiet one', () => {
    expect(attempt(CLOSED, T, 'a')).toEqual({ breaker: CLOSED, answer: { kind: 'go', probe: false } });
    expect(isQuiet(failing(1), T + BREAKER.window - 1)).toBe(false);
    expect(isQuiet(failing(1), T + BREAKER.window)).toBe(true);
  });
});

describe('open', () => {
  it('OPS-1: nobody may call until its time is over; then one may', () => {
    const at = T + BREAKER.open;
    expect(attempt(opened(), at - 1, 'a').answer).toEqual({ kind: 'wait', retry_in_ms: 1 });
    expect(attempt(opened(), at, 'a')).toMatchObject({
      answer: { kind: 'go', probe: true },
      breaker: { state: 'half_open' },
    });
  });

  it('OPS-1: what was under way when it opened neither prolongs nor closes it', () => {
    const late = fail(opened(), T + BREAKER.open - 1);
    expect(late).toMatchObject({ state: 'open', retry_at: T + BREAKER.open });
    expect(noteSuccess(late).state).toBe('open');
  });

  it('OPS-1: a dependency that names a time is left alone for it, within reason', () => {
    const asked = noteFailure(failing(BREAKER.failures - 1), T, DOWN, { retry_after_ms: 90_000 });
    expect(asked.retry_at).toBe(T + 90_000);
    const absurd = noteFailure(failing(BREAKER.failures - 1), T, DOWN, { retry_after_ms: 1e9 });
    expect(absurd.retry_at).toBe(T + 5 * BREAKER.open_max);
  });
});

describe('half-open', () => {
  const probing = () => attempt(opened(), T + BREAKER.open, 'a').breaker;
  const at = T + BREAKER.open;

  it('OPS-1: one probe at a time: others wait, the same one may try again', () => {
    expect(attempt(probing(), at, 'b').answer.kind).toBe('wait');
    expect(attempt(probing(), at, 'a').answer).toEqual({ kind: 'go', probe: true });
  });

  it('OPS-1: a probe that went well closes it, and what failed before is forgotten', () => {
    const closed = noteSuccess(probing());
    expect(closed).toMatchObject({ state: 'closed', opened_at: null, calls: [], last_error: DOWN });
    expect(failing(BREAKER.failures - 1, closed, at).state).toBe('closed');
  });

  it('OPS-1: a probe that failed opens it for twice as long, up to the last; since when it is open stays', () => {
    let breaker = opened();
    for (let n = 1; n <= 6; n++) {
      const now = breaker.retry_at;
      breaker = fail(attempt(breaker, now, 'a').breaker, now);
      expect(breaker.retry_at - now).toBe(Math.min(BREAKER.open_max, BREAKER.open * 2 ** n));
      expect(breaker).toMatchObject({ state: 'open', opened_at: T });
    }
  });

  it('OPS-1: a probe that nobody tells the end of, or that came to no call, gives way to the next', () => {
    expect(attempt(probing(), at + BREAKER.probe - 1, 'b').answer.kind).toBe('wait');
    expect(attempt(probing(), at + BREAKER.probe, 'b').answer.kind).toBe('go');
    expect(attempt(probing(), at + BREAKER.probe, 'b', BREAKER.probe_of_model).answer.kind).toBe('wait');
    expect(attempt(releaseProbe(probing(), 'a'), at, 'b').answer.kind).toBe('go');
    expect(attempt(releaseProbe(probing(), 'c'), at, 'b').answer.kind).toBe('wait');
  });
});

it('OPS-1: whatever happens in whatever order, it is never called while open, by one at a time while half-open, and never stuck', () => {
  const move = fc.oneof(
    fc.record({ kind: fc.constant('fail' as const), ok: fc.nat(5) }),
    fc.record({ kind: fc.constant('ok' as const) }),
    fc.record({ kind: fc.constant('try' as const), by: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('release' as const), by: fc.constantFrom('a', 'b', 'c') }),
  );
  const step = fc.record({ after: fc.nat(20_000), move });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let breaker = CLOSED;
      let now = T;
      for (const { after, move: m } of steps) {
        now += after;
        const before = breaker;
        if (m.kind === 'fail') breaker = fail(breaker, now, { ok: m.ok });
        else if (m.kind === 'ok') breaker = noteSuccess(breaker);
        else if (m.kind === 'release') breaker = releaseProbe(breaker, m.by);
        else {
          const tried = attempt(breaker, now, m.by);
          breaker = tried.breaker;
          const others = before.probe !== null && before.probe.by !== m.by;
          if (before.state === 'open' && now < before.retry_at) expect(tried.answer.kind).toBe('wait');
          if (before.state === 'half_open' && others && now - before.probe!.since < BREAKER.probe)
            expect(tried.answer.kind).toBe('wait');
        }
        expect(breaker.state === 'closed').toBe(breaker.opened_at === null);
      }
      const late = Math.max(now, breaker.retry_at) + BREAKER.probe;
      expect(attempt(breaker, late, 'z').answer.kind).toBe('go');
    }),
  );
});
