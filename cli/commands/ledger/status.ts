import { EXIT } from '../../exit.ts';
import { flag } from '../../options.ts';
import { defineVerb } from '../../verb.ts';

export default defineVerb({
  path: ['ledger', 'status'],
  summary: 'Does the ledger still agree with what it is a copy of?',
  description: 'Exits with 1 when an integrity alarm stands.',
  options: { reconcile: flag('--reconcile', 'compare the next logs now, and write what is missing') },
  examples: ['ags ledger status', 'ags ledger status --reconcile'],
  async handler(context, _args, { reconcile }) {
    const client = context.client();
    const run = reconcile ? await client.reconcileLedger() : null;
    const status = await client.ledgerStatus();
    const { style } = context.out;
    context.emit(run ? { ...status, run } : status, () => [
      status.intact
        ? `${style.good('✔')} No integrity alarm.`
        : `${style.bad('✘')} ${status.alarms.length} integrity alarms: ledger and object differ.`,
      ...status.alarms.map((a) => `  ${a.at}  ${a.pipeline_id} event ${a.seq}`),
      ...(run ? [`Compared ${run.checked} logs now, wrote ${run.repaired} rows that were missing.`] : []),
      style.faint(
        status.reconciliation
          ? `Last compared ${status.reconciliation.ran_at}, all of it ${status.reconciliation.round_ended_at ?? 'not yet'}; ${status.reconciliation.rows_repaired} rows repaired so far.`
          : 'Nothing has been compared yet.',
      ),
    ]);
    return status.intact ? EXIT.ok : 1;
  },
});
