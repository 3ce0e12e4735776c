export { QuotasPage as default } from '../views/quotas/quotas-page.tsx';
