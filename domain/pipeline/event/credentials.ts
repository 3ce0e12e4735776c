/** The life of tokens, by accessor (CRED). */
export interface CredentialEvents {
  /** CRED-1: the login's accessor is on record while its lease is still the short first one. */
  credentials_recorded: { generation: number; accessor: string; policies: string[]; expires_at: string };
  credentials_extended: { expires_at: string };
  /** CRED-3: the pipeline's own token and its children, by accessor. */
  tokens_renewed: { tokens: { accessor: string; agent_id: string | null; expires_at: string }[] };
  /** CRED-3: renewals do not succeed any more; once, until one does again. The leases end when nothing changes. */
  renewal_failing: { code: string; message: string };
  /** CRED-3: a newer login has taken over. They stay good for what is in flight, and are revoked when that is done. */
  credentials_superseded: { accessors: string[]; reason: string };
  /** CRED-6: they answer again. */
  credentials_restored: { waited_ms: number };
  /** PIPE-10: tokens of a pipeline that waits long are revoked; a new login follows when it goes on. */
  credentials_suspended: { reason: string };
  agent_token_issued: { agent_id: string; accessor: string; policies: string[]; expires_at: string };
  /** CRED-6: the agent's own lease is over, by this record; it works again with a new token. */
  agent_token_lapsed: { agent_id: string; accessor: string };
  /** CRED-4: `agent_id` null is the pipeline's own token. `how`: a lookup says it is gone, or its lease ended. */
  token_confirmed_gone: { accessor: string; agent_id: string | null; how: 'lookup' | 'expired' };
}
