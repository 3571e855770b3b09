"""Paper away: from pictures as people have them to ink alone."""
