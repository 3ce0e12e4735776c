import { CheckCircleIcon, InfoIcon, WarningCircleIcon, WarningIcon } from '@phosphor-icons/react';
import { FailureBanner } from '../../components/failure.tsx';
import { money, plural } from '../../models/format.ts';
import type { PlanCheck } from './use-plan-check.ts';

const LOOK = {
  error: { Icon: WarningCircleIcon, color: 'text-kumo-danger' },
  warning: { Icon: WarningIcon, color: 'text-kumo-warning' },
  info: { Icon: InfoIcon, color: 'text-kumo-info' },
} as const;

/** The API says what was expected, or asks back: “did you mean …?” */
const expectedText = (expected: string): string =>
  expected.endsWith('?') ? `${expected[0]?.toUpperCase()}${expected.slice(1)}` : `Expected ${expected}.`;

interface Props {
  check: PlanCheck;
  /** 1-based, as the API gives them. */
  onShow(line: number, column: number): void;
}

/** DSL-1: what is wrong with the plan, where, and what was expected there. */
export function PlanFindings({ check, onShow }: Props) {
  return (
    <div aria-live="polite">
      <FindingsBody check={check} onShow={onShow} />
    </div>
  );
}

function FindingsBody({ check, onShow }: Props) {
  if (check.phase === 'empty') return null;
  if (check.phase === 'checking') return <p className="text-sm text-kumo-subtle">Checking…</p>;
  if (check.phase === 'failed') return <FailureBanner failure={check.failure} />;
  const { ok, findings, estimate } = check.result;
  return (
    <>
      {ok && (
        <p className="flex items-center gap-2 font-medium text-kumo-success">
          <CheckCircleIcon size={18} weight="fill" aria-hidden="true" />
          Ready to run
          {estimate && (
            <span className="font-normal text-kumo-subtle">
              about {plural(estimate.steps, 'step')}, {money(estimate.cost_microusd)}
            </span>
          )}
        </p>
      )}
      <ul className="mt-2 flex flex-col gap-2">
        {findings.map(({ severity, code, message, expected, line, column }, i) => {
          const { Icon, color } = LOOK[severity];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: one check's findings never reorder.
            <li key={i} className="flex gap-2 text-sm">
              <Icon size={18} weight="fill" className={`mt-px shrink-0 ${color}`} aria-hidden="true" />
              <div className="min-w-0">
                <span className="sr-only">{severity}: </span>
                {message}
                {expected && <span className="text-kumo-subtle"> {expectedText(expected)}</span>}
                <div className="flex flex-wrap gap-x-3 text-kumo-subtle">
                  <code className="font-mono text-xs leading-6">{code}</code>
                  {line !== null && (
                    <button
                      type="button"
                      className="min-h-6 cursor-pointer text-kumo-link underline"
                      onClick={() => onShow(line, column ?? 1)}
                    >
                      line {line}
                      {column !== null && `, column ${column}`}
                    </button>
                  )}
                </div>
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}
