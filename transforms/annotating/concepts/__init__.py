"""The vocabulary's vectors: concepts embedded part by part, a sample of images to measure by, hubs among concepts."""
