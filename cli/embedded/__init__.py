"""Real services that come as wheels: Postgres and Valkey on one machine, without apt, Docker or root. Only their preparation; `cli.children` runs them."""
