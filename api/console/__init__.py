"""The pages that a person opens, as plain files: no build step, nothing loaded from elsewhere."""
