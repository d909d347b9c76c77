"""The wire formats of other services. Each dialect only translates to and from `core`; none imports another."""
