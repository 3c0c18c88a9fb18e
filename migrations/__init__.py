"""The one chain of migrations. They are plain SQL, run by Piccolo, and import nothing of ours."""
