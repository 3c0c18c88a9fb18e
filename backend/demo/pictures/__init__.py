"""Pictures that stand in for photos in the demo: drawn, plainly marked as illustrations."""
