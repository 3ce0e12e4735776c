import { Meter } from '@cloudflare/kumo/components/meter';
import { useMemo } from 'react';
import type { Orchestration } from '#contract/pipeline.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { count, exact, money, providerName } from '../../models/format.ts';
import { usageRows } from '../../models/usage.ts';

interface Props {
  run: Orchestration;
  events: readonly PipelineEvent[];
  seq: number;
}

/** PIPE-11 and AGENT-6: what was used of what was allowed, and by whom. */
export function CostTab({ run, events, seq }: Props) {
  const rows = useMemo(() => usageRows(events, seq), [events, seq]);
  const { usage, limits, round } = run.pipeline;
  const meters = [
    { label: 'Cost', used: usage.cost_microusd, of: limits.cost_microusd, show: money },
    { label: 'Tokens', used: usage.tokens_in + usage.tokens_out, of: limits.tokens, show: count },
    { label: 'Rounds', used: round, of: limits.rounds, show: count },
    { label: 'Steps', used: usage.steps, of: limits.steps, show: count },
    { label: 'Actions', used: usage.actions, of: limits.actions, show: count },
  ];
  const cell = 'py-2 pr-4 text-right';
  return (
    <div className="flex flex-col gap-6">
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-5">
        {meters.map(({ label, used, of, show }) => (
          <Meter
            key={label}
            label={label}
            value={used}
            max={Math.max(of, 1)}
            customValue={`${show(used)} of ${show(of)}`}
          />
        ))}
      </div>
      {rows.length === 0 ? (
        <p className="text-kumo-subtle">No model has been called yet.</p>
      ) : (
        <ScrollRegion label="Usage by agent" className="">
          <table className="w-full min-w-160 text-left text-sm">
            <thead className="text-kumo-subtle">
              <tr>
                <th scope="col" className="py-2 pr-4 font-medium">
                  Agent
                </th>
                <th scope="col" className="py-2 pr-4 font-medium">
                  Model
                </th>
                <th scope="col" className={`${cell} font-medium`}>
                  Calls
                </th>
                <th scope="col" className={`${cell} font-medium`}>
                  Tokens in
                </th>
                <th scope="col" className={`${cell} font-medium`}>
                  cached
                </th>
                <th scope="col" className={`${cell} font-medium`}>
                  out
                </th>
                <th scope="col" className={`${cell} font-medium`}>
                  Latency
                </th>
                <th scope="col" className="py-2 text-right font-medium">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody className="tabular">
              {rows.map((r) => (
                <tr key={`${r.agent} ${r.provider} ${r.model}`} className="border-t border-kumo-line">
                  <th scope="row" className="py-2 pr-4 font-medium">
                    {r.agent}
                  </th>
                  <td className="py-2 pr-4">
                    {r.model} <span className="text-kumo-subtle">{providerName(r.provider)}</span>
                  </td>
                  <td className={cell}>
                    {r.calls}
                    {r.failed > 0 && <span className="text-kumo-danger"> ({r.failed} failed)</span>}
                  </td>
                  <td className={cell}>{exact(r.tokens_in)}</td>
                  <td className={cell}>{exact(r.tokens_cached)}</td>
                  <td className={cell}>{exact(r.tokens_out)}</td>
                  <td className={cell}>{exact(Math.round(r.latency_ms))} ms</td>
                  <td className="py-2 text-right">{money(r.cost_microusd)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </div>
  );
}
