"""Is a document authentic: the questions, the providers that may know, and the right to ask."""
