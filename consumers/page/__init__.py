"""The analyst's page: a desk's cards, live, with why they are here and what can be done about them."""
