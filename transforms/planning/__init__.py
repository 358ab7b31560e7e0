"""What a build will take: usage measured on samples, carried on to the whole input, and what that costs."""
