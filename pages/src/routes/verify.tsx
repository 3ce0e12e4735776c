export { VerifyPage as default } from '../views/verify/verify-page.tsx';
