import { Tabs } from '@cloudflare/kumo/components/tabs';
import { lazy, type ReactNode, useState } from 'react';
import type { ConsensusView, Orchestration, TokenStatusView } from '#contract/pipeline.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import type { PipelineState } from '#domain/pipeline/state.ts';
import { Late } from '../../components/late.tsx';
import type { ChainProgress } from '../../models/chain-check.ts';
import { hasFailureReport } from '../../models/failure-report.ts';
import { count } from '../../models/format.ts';
import { ReportTab } from './tab-report.tsx';

/** UI-2: what most readers of the page never open is fetched when they do. The report, which stands open at first, comes with the page. */
const CostTab = lazy(() => import('./tab-cost.tsx').then((m) => ({ default: m.CostTab })));
const EventsTab = lazy(() => import('./tab-events.tsx').then((m) => ({ default: m.EventsTab })));
const FailureTab = lazy(() => import('./tab-failure.tsx').then((m) => ({ default: m.FailureTab })));
const FindingsTab = lazy(() => import('./tab-findings.tsx').then((m) => ({ default: m.FindingsTab })));
const LogTab = lazy(() => import('./tab-log.tsx').then((m) => ({ default: m.LogTab })));
const MessagesTab = lazy(() => import('./tab-messages.tsx').then((m) => ({ default: m.MessagesTab })));
const TokensTab = lazy(() => import('./tab-tokens.tsx').then((m) => ({ default: m.TokensTab })));

interface Props {
  run: Orchestration;
  state: PipelineState;
  consensus: ConsensusView;
  tokens: TokenStatusView;
  events: readonly PipelineEvent[];
  version: number;
  seq: number;
  chain: ChainProgress;
  onTravel(seq: number): void;
}

/** What lies below the fold of UI-4, one tab each. */
export function Details({ run, state, consensus, tokens, events, version, seq, chain, onTravel }: Props) {
  const [chosen, choose] = useState<string | null>(null);
  const { blackboard: board, log } = run;
  const failure = {
    value: 'failure',
    label: 'Failure report',
    body: <FailureTab run={run} state={state} consensus={consensus} />,
  };
  // What failed comes first, and what failed before and is being tried again comes last.
  const failed = state.failure !== null || state.outcome?.state === 'FAILED';
  const tabs: { value: string; label: string; n?: number; body: ReactNode }[] = [
    ...(failed ? [failure] : []),
    { value: 'report', label: 'Report', body: <ReportTab board={board} /> },
    {
      value: 'findings',
      label: 'Findings',
      n: board.findings.length,
      body: <FindingsTab findings={board.findings} />,
    },
    {
      value: 'messages',
      label: 'Messages',
      n: board.messages.length,
      body: <MessagesTab messages={board.messages} />,
    },
    { value: 'log', label: 'Log', n: log.length + board.progress.length, body: <LogTab run={run} /> },
    {
      value: 'events',
      label: 'Events',
      n: seq,
      body: (
        <EventsTab
          events={events}
          version={version}
          seq={seq}
          chain={chain}
          ended={state.outcome !== null}
          onTravel={onTravel}
        />
      ),
    },
    { value: 'tokens', label: 'Tokens', body: <TokensTab tokens={tokens} sealed={run.pipeline.sealed} /> },
    { value: 'cost', label: 'Cost and usage', body: <CostTab run={run} events={events} seq={seq} /> },
    ...(!failed && hasFailureReport(state) ? [failure] : []),
  ];
  const open = tabs.find((t) => t.value === chosen) ?? tabs[0]!;
  return (
    <section aria-label="Details" className="panel overflow-hidden">
      <div className="px-4 pt-2">
        <Tabs
          variant="underline"
          tabs={tabs.map(({ value, label, n }) => ({
            value,
            label: n === undefined ? label : `${label} ${count(n)}`,
          }))}
          value={open.value}
          onValueChange={choose}
        />
      </div>
      <div className="p-4">
        <Late key={open.value} what={`the tab “${open.label}”`}>
          {open.body}
        </Late>
      </div>
    </section>
  );
}
