export { ApprovalsPage as default } from '../views/approvals/approvals-page.tsx';
