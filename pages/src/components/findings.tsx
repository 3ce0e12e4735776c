import { InfoIcon, WarningCircleIcon, WarningIcon } from '@phosphor-icons/react';
import type { PlanFinding } from '#contract/requests.ts';

const LOOK = {
  error: { Icon: WarningCircleIcon, color: 'text-kumo-danger' },
  warning: { Icon: WarningIcon, color: 'text-kumo-warning' },
  info: { Icon: InfoIcon, color: 'text-kumo-info' },
} as const;

/** The API says what was expected, or asks back: “did you mean …?” */
const expectedText = (expected: string): string =>
  expected.endsWith('?') ? `${expected[0]?.toUpperCase()}${expected.slice(1)}` : `Expected ${expected}.`;

interface Props {
  findings: readonly PlanFinding[];
  /** 1-based, as the API gives them. */
  onShow(line: number, column: number): void;
}

/** What is wrong with a text, where, and what was expected there. */
export function Findings({ findings, onShow }: Props) {
  return (
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
  );
}
