export { LedgerPage as default } from '../views/ledger/ledger-page.tsx';
