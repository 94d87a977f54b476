"""Who there is, who had which recorder, and what each may do."""
