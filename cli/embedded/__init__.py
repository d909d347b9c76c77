"""A real Postgres and a real Valkey from wheels, without apt, Docker or root; `cli.children` runs them."""
