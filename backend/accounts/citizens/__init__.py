"""Citizens' accounts: the identities they prove, and the codes they prove them with."""
