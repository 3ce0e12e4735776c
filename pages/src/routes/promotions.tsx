export { PromotionsPage as default } from '../views/promotions/promotions-page.tsx';
