"""The web kit that every door uses: policies, problems, limits, layout, static files."""
